"""Hooks: where a resource adds its own rules to the engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .record import Record

SaveRecord = Callable[[str, int | None, dict[str, Any]], int]
"""Creates a record of the resource at a path for an owner, or updates the one it duplicates. Returns its id."""


@dataclass(frozen=True)
class Organization:
    """A customer of Total Expert.

    `campaigns` maps each resource that can start campaigns to record names and email subjects.
    """

    id: int
    name: str
    required_groups: tuple[str, ...] = ()
    campaigns: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Change:
    """A write in progress.

    `record` is the record as it will be, `payload` the request's body, `now` the time in seconds since 1970. `save`
    saves records of other resources. `added` holds the new targets of to-many relationships, once the record is saved.
    """

    connection: sqlite3.Connection
    organization: Organization
    record: Record
    payload: dict[str, Any]
    now: float
    save: SaveRecord
    added: dict[str, set[int]] = field(default_factory=dict)


class ResourceHooks:
    """Rules of one resource. Each method may change the record or raise `ApiError`."""

    def is_required(self, name: str, payload: dict[str, Any]) -> bool:
        """Return whether this new record needs an attribute that its resource requires."""
        return True

    def is_owner_required(self, payload: dict[str, Any]) -> bool:
        """Return whether an admin must name the owner in this write."""
        return True

    def before_create(self, change: Change) -> None:
        """Run before a new record is saved."""

    def clean(self, change: Change) -> None:
        """Run after the payload is assigned, before duplicates are looked up."""

    def before_save(self, change: Change) -> None:
        """Run once it is known which record is created or updated."""

    def before_delete(self, connection: sqlite3.Connection, record: Record) -> None:
        """Run before a record is deleted."""

    def owner_changed(self, change: Change, previous: int) -> None:
        """Run when a record gets a new owner. `previous` is the id of the old one."""

    def computed_attributes(
        self, connection: sqlite3.Connection, organization: Organization, ids: Sequence[int]
    ) -> dict[int, dict[str, Any]]:
        """Return attributes that are shown but not stored, for each of the ids."""
        return {}

    def after_save(self, change: Change) -> None:
        """Run after the record is saved, in the same transaction."""
