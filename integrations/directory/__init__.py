"""The mirror of contacts, groups and owners; syncing it and browsing it."""
