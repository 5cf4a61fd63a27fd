"""Keeping the synced copy of contacts, groups and owners up to date."""
