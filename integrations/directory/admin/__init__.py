"""Contacts, groups, required groups and owners in Django's admin, one installation at a time."""

from integrations.directory.admin import actions, contacts, groups, owners, required_groups

__all__ = ["actions", "contacts", "groups", "owners", "required_groups"]
