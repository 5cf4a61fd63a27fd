"""Contacts, groups, required groups, owners and saved views in Django's admin, one installation at a time."""

from integrations.directory.admin import (
    actions,
    contact_actions,
    contacts,
    groups,
    lists,
    owners,
    required_groups,
)

__all__ = ["actions", "contact_actions", "contacts", "groups", "lists", "owners", "required_groups"]
