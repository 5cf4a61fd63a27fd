"""Contacts of the synced copy that a new one may be a duplicate of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.bulk.fields import Value
from integrations.bulk.files import matching
from integrations.connections.models import Installation
from integrations.directory.browse import access
from integrations.directory.browse.selection import Selection
from integrations.directory.models import Contact, Owner
from portal.accounts.models import User

#: The most contacts that are shown, and that are read for each search.
SHOWN, READ = 10, 50
_PHONES = ("phone_home", "phone_cell", "phone_office")


@dataclass(frozen=True)
class Duplicate:
    """A contact that may be the same person. ``is_updated``: Total Expert will change it instead of creating one."""

    contact: Contact
    is_updated: bool


def find(
    installation: Installation, user: User, owner: Owner, fields: Mapping[str, Value]
) -> list[Duplicate]:
    """Return contacts that ``user`` may see with the same names, email address or phone number, the surest ones first."""
    visible = access.visible_contacts(user, installation.organization)
    related = ("owner", "document", "installation__organization")
    found: dict[int, Duplicate] = {}
    for text in _searches(fields):
        rows = Selection(q=text).apply(visible, installation).filter(document__isnull=False)
        for contact in rows.select_related(*related).order_by("pk")[:READ]:
            # only what the person sees counts: otherwise they could guess hidden values and be told
            record = access.visible_record(user, contact)
            if _agrees(record, fields):
                is_updated = contact.owner_id == owner.pk and _shares_key(owner.pk, record, fields)
                found[contact.pk] = Duplicate(contact, is_updated)
    duplicates = found.values()
    return sorted(duplicates, key=lambda each: (not each.is_updated, each.contact.pk))[:SHOWN]


def _searches(fields: Mapping[str, Value]) -> list[str]:
    names = f"{fields.get('first_name') or ''} {fields.get('last_name') or ''}".strip()
    values = [names, *(str(fields.get(name) or "") for name in ("email", "email_work", *_PHONES))]
    return [value for value in dict.fromkeys(values) if value]


def _agrees(record: Mapping[str, Any], fields: Mapping[str, Value]) -> bool:
    """Return whether the record of a contact that a search found has the same names, email address or phone number."""
    emails = {matching.compared("email", fields.get(name)) for name in ("email", "email_work")} - {""}
    phones = {matching.compared(name, fields.get(name)) for name in _PHONES} - {""}
    return (
        all(_same(name, record.get(name), fields.get(name)) for name in ("first_name", "last_name"))
        or bool(emails & {matching.compared("email", record.get(name)) for name in ("email", "email_work")})
        or bool(phones & {matching.compared(name, record.get(name)) for name in _PHONES})
    )


def _shares_key(owner: int, record: Mapping[str, Any], fields: Mapping[str, Value]) -> bool:
    """Return whether Total Expert recognizes the record in these fields, by its rule for duplicates."""
    present, new = (
        {key for keys in matching.keys_of(owner, each) for key in keys} for each in (record, fields)
    )
    return bool(present & new)


def _same(name: str, one: Any, other: Any) -> bool:
    return matching.compared(name, one) == matching.compared(name, other) != ""
