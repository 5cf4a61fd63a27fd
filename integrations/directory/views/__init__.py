"""The pages of the directory: the list of contacts, one contact, and syncing."""
