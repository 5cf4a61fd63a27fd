"""Contacts, groups and owners in Django's admin, one installation at a time."""

from integrations.directory.admin import actions, contacts, groups, owners

__all__ = ["actions", "contacts", "groups", "owners"]
