"""Contacts, groups and owners: syncing them from Total Expert, and browsing the synced copy."""
