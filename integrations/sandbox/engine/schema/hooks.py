"""Where a resource's own rules hook into the engine, and what they are given."""

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
    """A customer of the vendor: its name, the groups it requires, and what starts a campaign: per resource,
    names of its records and the subjects of the e-mails.
    """

    id: int
    name: str
    required_groups: tuple[str, ...] = ()
    campaigns: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Change:
    """One write in progress: the record as it will be, what was sent, and the targets that links have newly
    come to. `save` writes records of other resources.
    """

    connection: sqlite3.Connection
    organization: Organization
    record: Record
    payload: dict[str, Any]
    now: float
    save: SaveRecord
    added: dict[str, set[int]] = field(default_factory=dict)


class Behaviour:
    """Rules of one resource. Each method may change the record, or raise `Refusal`."""

    def check_create(self, change: Change) -> None:
        """Called before a new record is stored."""

    def complete(self, change: Change) -> None:
        """Called after attributes were taken over, on creation and on update, before duplicates are
        sought.
        """

    def finish(self, change: Change) -> None:
        """Called, on creation and on update, once it is decided which record the write is about."""

    def check_delete(self, connection: sqlite3.Connection, record: Record) -> None:
        """Called before a record is deleted."""

    def follow_owner(self, change: Change, previous: int) -> None:
        """Called when the record has a new owner; `previous` is the old one's id."""

    def computed(
        self, connection: sqlite3.Connection, organization: Organization, ids: Sequence[int]
    ) -> dict[int, dict[str, Any]]:
        """What answers show besides what is stored: per id of a page, names and values."""
        return {}

    def after_write(self, change: Change) -> None:
        """Called when the record is stored, in the same transaction."""
