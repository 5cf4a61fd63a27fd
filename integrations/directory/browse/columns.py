"""The columns of the contact list. All are read from the contact's row and its owner, so none costs a query."""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from integrations.directory.models import Contact


@dataclass(frozen=True)
class Column:
    """A column: its head, the key and first direction of its order if it can be sorted, and how to read its value."""

    label: str
    read: Callable[[Contact], Any]
    kind: Literal["text", "time", "flag"] = "text"
    sort: str = ""
    first: str = "ascending"
    css: str = ""
    missing: str = ""

    @property
    def heading(self) -> str:
        """Return the head of this column in an exported file."""
        return f"{self.label} (UTC)" if self.kind == "time" else self.label

    def text(self, contact: Contact) -> str:
        """Return the value for an exported file: times in UTC, flags as words."""
        value = self.read(contact)
        if self.kind == "flag":
            return _FLAGS[value]
        if isinstance(value, dt.datetime):
            return value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
        return value or ""

    def cell(self, contact: Contact) -> "Cell":
        """Return the value as the list shows it."""
        value = self.read(contact)
        if isinstance(value, dt.datetime):
            return Cell(self.label, self.css, time=value)
        text = _FLAGS[value] if self.kind == "flag" else value or self.missing
        return Cell(self.label, self.css if text else f"{self.css} blank".strip(), text or "–")


@dataclass(frozen=True)
class Cell:
    """A cell of the list: a text, or a time that is shown in the viewer's zone."""

    label: str
    css: str
    text: str = ""
    time: dt.datetime | None = None


_FLAGS = {True: "Yes", False: "No", None: "Unknown"}


def _place(contact: Contact) -> str:
    return ", ".join(part for part in (contact.city, contact.state) if part)


#: Every column that can be shown, by name. The contact's name comes before them and always stays.
COLUMNS = {
    "email": Column("Email", lambda row: row.email or row.email_work),
    "phone": Column("Phone", lambda row: row.phone, css="nowrap"),
    "city": Column("City", _place, sort="city"),
    "owner": Column(
        "Owner", lambda row: row.owner.display_name if row.owner else "", css="nowrap", missing="Unknown"
    ),
    "updated": Column(
        "Updated",
        lambda row: row.updated_at,
        kind="time",
        sort="updated",
        first="descending",
        missing="Unknown",
    ),
    "created": Column(
        "Created",
        lambda row: row.created_at,
        kind="time",
        sort="created",
        first="descending",
        missing="Unknown",
    ),
    "source": Column("Source", lambda row: row.source),
    "state": Column("State", lambda row: row.state),
    "email_work": Column("Work email", lambda row: row.email_work),
    "phone_cell": Column("Cell phone", lambda row: row.phone_cell, css="nowrap"),
    "phone_home": Column("Home phone", lambda row: row.phone_home, css="nowrap"),
    "phone_office": Column("Office phone", lambda row: row.phone_office, css="nowrap"),
    "ok_to_call": Column("OK to call", lambda row: row.ok_to_call, kind="flag"),
    "ok_to_email": Column("OK to email", lambda row: row.ok_to_email, kind="flag"),
    "ok_to_mail": Column("OK to mail", lambda row: row.ok_to_mail, kind="flag"),
    "is_silenced": Column("Silenced by their owner", lambda row: row.is_silenced, kind="flag"),
    "archived": Column("Archived", lambda row: row.archived, kind="flag"),
    "remote_id": Column("Total Expert ID", lambda row: str(row.remote_id), css="num"),
}
NAME = Column("Name", lambda row: row.display_name, sort="name")
DEFAULT = ("email", "phone", "city", "owner", "updated")


def read(names: Any) -> tuple[str, ...]:
    """Return the names of known columns among ``names``, each once, in order. Return `DEFAULT` if there are none."""
    known = (name for name in names if isinstance(name, str) and name in COLUMNS)
    return tuple(dict.fromkeys(known)) or DEFAULT


def options(shown: Collection[str]) -> list[tuple[str, str, bool]]:
    """Return every column's name, its label and whether it is shown: the shown ones first, in order."""
    others = (name for name in COLUMNS if name not in shown)
    return [(name, COLUMNS[name].label, name in shown) for name in (*shown, *others)]
