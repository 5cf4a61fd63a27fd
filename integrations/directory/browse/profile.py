"""A contact's record for reading: its consent flags by name, and every property it came with, in groups."""

from dataclasses import dataclass
from typing import Any

from integrations.directory.models import Contact


@dataclass(frozen=True)
class Flag:
    """A consent flag. ``value`` None: Total Expert does not show it, which is unknown, not no."""

    label: str
    value: bool | None
    note: str = ""


@dataclass(frozen=True)
class Section:
    """Properties that belong together, each with its lines of text."""

    title: str
    rows: list[tuple[str, list[str]]]


_UNREADABLE = "Total Expert has no way to read it."
_SECTIONS: dict[str, tuple[str, ...]] = {
    "Name": ("title", "first_name", "nickname", "last_name", "suffix", "birthday"),
    "Reach": (
        "email",
        "email_work",
        "phone_cell",
        "phone_home",
        "phone_office",
        "fax",
        "website_url",
        "linkedin_url",
        "other_url",
    ),
    "Address": ("address", "address_2", "city", "state", "zip_code"),
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
#: Shown elsewhere on the screen.
_ELSEWHERE = {"ok_to_call", "ok_to_email", "ok_to_mail", "preferences", "contact_groups", "custom"}
_LABELS = {
    "id": "Id in Total Expert",
    "email_work": "Work e-mail",
    "email": "E-mail",
    "zip_code": "ZIP code",
    "external_ids": "External ids",
    "linkedin_url": "LinkedIn",
    "website_url": "Website",
    "other_url": "Other address",
    "internal_created_at": "Created (UTC)",
    "internal_updated_at": "Changed (UTC)",
    "shared_with_users": "Shared with",
}


def flags(contact: Contact) -> list[Flag]:
    """Each consent flag by its own name. They are many and not one thing."""
    return [
        Flag("OK to call", contact.ok_to_call),
        Flag("OK to e-mail", contact.ok_to_email),
        Flag("OK to mail", contact.ok_to_mail),
        Flag("Silenced by the owner", contact.is_silenced),
        Flag("Do not contact", None, "It can be set in Total Expert, but not read."),
        Flag("Unsubscribed from e-mail", None, _UNREADABLE),
        Flag("Text message opt-in", None, _UNREADABLE),
        Flag("Consent to AI calls", None, _UNREADABLE),
    ]


def sections(raw: dict[str, Any]) -> list[Section]:
    """Every property that has a value, in groups; those that nobody foresaw come last."""
    found = [_section(title, [(name, raw.get(name)) for name in names]) for title, names in _SECTIONS.items()]
    custom = raw.get("custom")
    if isinstance(custom, list):
        found.append(_section("Custom fields", [_custom(each) for each in custom if isinstance(each, dict)]))
    foreseen = _ELSEWHERE.union(*_SECTIONS.values())
    found.append(_section("More", [(name, value) for name, value in raw.items() if name not in foreseen]))
    return [section for section in found if section.rows]


def _custom(each: dict[str, Any]) -> tuple[str, Any]:
    return str(each.get("field_name") or "Unnamed"), each.get("value")


def _section(title: str, pairs: list[tuple[str, Any]]) -> Section:
    return Section(title, [(label(name), lines) for name, value in pairs if (lines := _lines(value))])


def label(name: str) -> str:
    """A property's name for reading."""
    return _LABELS.get(name) or name.replace("_", " ").strip().capitalize()


def _lines(value: Any) -> list[str]:
    """A value as lines of text; none for nothing."""
    if value is None or value == "" or value == [] or value == {}:
        return []
    if isinstance(value, bool):
        return ["Yes" if value else "No"]
    if isinstance(value, dict):
        parts = [
            f"{label(name)}: {', '.join(lines)}" for name, each in value.items() if (lines := _lines(each))
        ]
        return ["; ".join(parts)] if parts else []
    if isinstance(value, list):
        return [line for each in value for line in _lines(each)]
    return [str(value)]
