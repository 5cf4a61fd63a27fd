"""The synced copy of contacts, and the state of its syncs."""

from integrations.directory.models.contacts import (
    FILTERED,
    PRESENT,
    UNKNOWN_TIME,
    UNSEEN,
    Contact,
    ContactGroup,
    ContactQuerySet,
    Document,
    Membership,
    Owner,
    Visibility,
)
from integrations.directory.models.groups import RequiredGroup
from integrations.directory.models.lists import ColumnChoice, SavedView, SavedViewQuerySet
from integrations.directory.models.sync import SyncState, UnreadContact, UnreadPage

__all__ = [
    "FILTERED",
    "PRESENT",
    "UNKNOWN_TIME",
    "UNSEEN",
    "ColumnChoice",
    "Contact",
    "ContactGroup",
    "ContactQuerySet",
    "Document",
    "Membership",
    "Owner",
    "RequiredGroup",
    "SavedView",
    "SavedViewQuerySet",
    "SyncState",
    "UnreadContact",
    "UnreadPage",
    "Visibility",
]
