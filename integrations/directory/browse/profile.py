"""A contact's record for reading: phones, email, address and consent flags, and every field it came with."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from integrations.directory.models import Contact
from integrations.total_expert import parse
from portal.core.text import visible


@dataclass(frozen=True)
class Flag:
    """A consent flag. ``value`` is None if Total Expert doesn't return it, which means unknown."""

    label: str
    value: bool | None
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A line of a field's value: text, or a time that is shown in the viewer's zone."""

    text: str = ""
    time: dt.datetime | None = None


@dataclass(frozen=True)
class Section:
    """Fields that belong together: pairs of a label and the lines of its value."""

    title: str
    rows: list[tuple[str, list[Line]]]


_WRITE_ONLY = "The API can set this but not read it."
_UNREADABLE = "The API can't read this."
#: The fields of ``preferences``, which is an object of its own in the record.
_PREFERENCES = ("is_silenced",)
#: The names of fields by subject.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Name": ("title", "first_name", "nickname", "last_name", "suffix", "birthday"),
    "Contact": (
        "phone_cell",
        "phone_home",
        "phone_office",
        "fax",
        "email",
        "email_work",
        "website_url",
        "linkedin_url",
        "other_url",
    ),
    "Address": ("address", "address_2", "city", "state", "zip_code"),
    "Consent": ("ok_to_call", "ok_to_email", "ok_to_mail", *_PREFERENCES),
    "Work": (
        "employer_name",
        "employer_address",
        "employer_address_2",
        "employer_city",
        "employer_state",
        "employer_zip",
        "employer_license_number",
        "license_number",
    ),
    "Origin": (
        "source",
        "external_id",
        "external_ids",
        "referred_by",
        "referred_to",
        "classification",
        "external_status",
    ),
    "Business": (
        "credit_score",
        "credit_score_date",
        "credit_score_expiration_date",
        "pre_approval_issued_date",
        "list_date",
        "close_date",
        "last_contacted_date",
    ),
    "People": ("owner", "assignee", "shared_with_users"),
    "Record": ("id", "creation_date", "last_modified_date", "internal_created_at", "internal_updated_at"),
}
_TIMES = {"creation_date", "last_modified_date", "internal_created_at", "internal_updated_at"}
#: Total Expert returns birthdays with this year, whatever the real one is.
_NO_YEAR = 1970
_LABELS = {
    "id": "ID",
    "address": "Street",
    "address_2": "Street, line 2",
    "is_silenced": "Silenced by their owner",
    "email_work": "Work email",
    "email": "Email",
    "zip_code": "ZIP code",
    "phone_cell": "Cell phone",
    "phone_home": "Home phone",
    "phone_office": "Office phone",
    "ok_to_email": "OK to email",
    "ok_to_call": "OK to call",
    "ok_to_mail": "OK to mail",
    "external_id": "External ID",
    "external_ids": "External IDs",
    "linkedin_url": "LinkedIn",
    "website_url": "Website",
    "other_url": "Other website",
    "internal_created_at": "Created in Total Expert",
    "internal_updated_at": "Updated in Total Expert",
    "creation_date": "Creation date",
    "last_modified_date": "Last modified",
    "shared_with_users": "Shared with",
}


def flags(contact: Contact) -> list[Flag]:
    """Return each consent flag under its own name. They are independent of each other."""
    return [
        Flag("OK to call", contact.ok_to_call),
        Flag("OK to email", contact.ok_to_email),
        Flag("OK to mail", contact.ok_to_mail),
        Flag("Silenced by their owner", contact.is_silenced),
        Flag("Do not contact", None, _WRITE_ONLY),
        Flag("Unsubscribed from email", None, _UNREADABLE),
        Flag("Text message opt-in", None, _UNREADABLE),
        Flag("Consent to AI calls", None, _UNREADABLE),
    ]


def phones(contact: Contact) -> list[tuple[str, str]]:
    """Return the phone numbers of a contact, each with its kind."""
    numbers = [
        ("Cell", contact.phone_cell),
        ("Home", contact.phone_home),
        ("Office", contact.phone_office),
    ]
    return [(kind, number) for kind, number in numbers if number]


def emails(contact: Contact) -> list[tuple[str, str]]:
    """Return the email addresses of a contact, each with its kind."""
    both = [("Personal" if contact.email_work else "", contact.email), ("Work", contact.email_work)]
    return [(kind, address) for kind, address in both if address]


def address(raw: dict[str, Any]) -> list[str]:
    """Return the postal address in a contact's record, line by line."""
    street = [_text(raw.get("address")), _text(raw.get("address_2"))]
    region = " ".join(filter(None, (_text(raw.get("state")), _text(raw.get("zip_code")))))
    town = ", ".join(filter(None, (_text(raw.get("city")), region)))
    return [line for line in (*street, town) if line]


def _text(value: Any) -> str:
    return visible(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def sections(raw: dict[str, Any]) -> list[Section]:
    """Return every field that has a value, by subject. Unknown fields come last. Groups have a tab of their own."""
    preferences = raw.get("preferences")
    if isinstance(preferences, dict):
        rest = {name: value for name, value in preferences.items() if name not in _PREFERENCES}
        silenced = {name: preferences.get(name) for name in _PREFERENCES}
        raw = {**raw, "preferences": rest, **silenced}
    found = [_section(title, [(name, raw.get(name)) for name in names]) for title, names in SECTIONS.items()]
    custom = raw.get("custom")
    if isinstance(custom, list):
        found.append(_section("Custom fields", [_custom(each) for each in custom if isinstance(each, dict)]))
    known = {"custom", "contact_groups"}.union(*SECTIONS.values())
    found.append(
        _section("Other fields", [(name, value) for name, value in raw.items() if name not in known])
    )
    return [section for section in found if section.rows]


def _custom(each: dict[str, Any]) -> tuple[str, Any]:
    return visible(str(each.get("field_name") or "")) or "Unnamed", each.get("value")


def _section(title: str, pairs: list[tuple[str, Any]]) -> Section:
    return Section(title, [(label(name), lines) for name, value in pairs if (lines := _lines(name, value))])


def label(name: str) -> str:
    """Return the label of a field."""
    return _LABELS.get(name) or visible(name.replace("_", " ")).capitalize()


def _lines(name: str, value: Any) -> list[Line]:
    """Return a field's value as lines. An empty value has none."""
    time = parse.timestamp(value)
    if time is not None and name in _TIMES and ":" in value:
        return [Line(time=time)]
    if time is not None and (name == "birthday" or name.endswith("_date")):
        year = "" if name == "birthday" and time.year == _NO_YEAR else f", {time.year}"
        return [Line(f"{time:%B} {time.day}{year}")]
    if isinstance(value, dict):
        named = [(key, ", ".join(_texts(each))) for key, each in value.items()]
        return [Line(f"{label(str(key))}: {text}") for key, text in named if text]
    return [Line(text) for text in _texts(value)]


def _texts(value: Any) -> list[str]:
    if value is None or value == "" or value == [] or value == {}:
        return []
    if isinstance(value, bool):
        return ["Yes" if value else "No"]
    if isinstance(value, dict):
        parts = [
            f"{label(name)}: {', '.join(texts)}" for name, each in value.items() if (texts := _texts(each))
        ]
        return ["; ".join(parts)] if parts else []
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [shown] if (shown := visible(str(value))) else []
