"""Which contact Total Expert would recognize in a row, by its rule for duplicates replayed on the synced copy.

The rule: among the contacts of one owner, the first of these that agrees in any contact decides: a pair of external ID and
source; first and last name with the email address; with street, city, state and ZIP code; with the home phone; with the
cell phone; with the office phone. Texts are compared without regard to case, phones by their digits.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from integrations.bulk.files import staging
from integrations.bulk.files.readers import Row
from integrations.bulk.models import Plan, PlanRow, RowKey, Upload
from integrations.directory.browse.access import visible_contacts
from integrations.directory.models import ContactQuerySet, Document
from integrations.directory.sync.rows import sort_name

#: Phones with fewer digits are not compared.
SHORTEST_PHONE = 7
_NAMES = ("first_name", "last_name")
#: What is compared together with the names, in order.
_STEPS = (
    ("email",),
    ("address", "city", "state", "zip_code"),
    ("phone_home",),
    ("phone_cell",),
    ("phone_office",),
)
#: Contacts whose external IDs are read at a time.
_CHUNK = 2000

#: The keys of one step. Records of one owner that share a key are duplicates.
Keys = list[int]


class Match(NamedTuple):
    """What a row is recognized as: an earlier row of the file, contacts of the synced copy, or neither."""

    row: int | None = None
    contacts: tuple[int, ...] = ()


def keys_of(owner: int | None, record: Mapping[str, Any]) -> list[Keys]:
    """Return the keys of a record, or of a row's values, for each step of the rule. ``owner`` is a primary key."""
    found = [external_keys_of(owner, record)]
    names = [compared(name, record.get(name)) for name in _NAMES]
    for step, properties in enumerate(_STEPS, start=1):
        parts = [compared(name, record.get(name)) for name in properties]
        found.append([_hash(owner, step, [*names, *parts])] if all(names) and all(parts) else [])
    return found


def external_keys_of(owner: int | None, record: Mapping[str, Any]) -> Keys:
    """Return the keys of the first step: one for each pair of external ID and source."""
    listed = record.get("external_ids")
    pairs = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    pairs.append(record)
    parts = ([compared(name, pair.get(name)) for name in ("source", "external_id")] for pair in pairs)
    return list(dict.fromkeys(_hash(owner, 0, each) for each in parts if all(each)))


def compared(name: str, value: Any) -> str:
    """Return a value in the form in which the rule compares it. Empty if it is not compared."""
    if name.startswith("phone_"):
        digits = "".join(filter(str.isdigit, str(value or "")))
        return digits if len(digits) >= SHORTEST_PHONE else ""
    return str(value or "").strip().casefold()


def _hash(owner: int | None, step: int, parts: Sequence[str]) -> int:
    text = "\x1f".join((str(owner), str(step), *parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)


def index_external_ids(
    plan: Plan, upload: Upload, keys_of_rows: Callable[[Sequence[Row]], Iterable[Keys]]
) -> None:
    """Note which contacts have a pair of external ID and source that is in the file.

    A contact can have many such pairs, and no index finds them, so all records are read once. ``keys_of_rows`` returns the
    keys of rows of the file.
    """
    RowKey.objects.filter(plan=plan).delete()
    wanted: set[int] = set()
    number = 1
    while rows := staging.rows_of(upload, number):
        wanted.update(key for keys in keys_of_rows(rows) for key in keys)
        number += 1
    if not wanted:
        return
    records = Document.objects.filter(contact__in=_contacts(plan))
    columns = ("contact_id", "contact__owner_id", "raw__external_ids", "raw__external_id", "raw__source")
    found = []
    for pk, owner, listed, id, source in records.values_list(*columns).iterator(chunk_size=_CHUNK):
        record = {"external_ids": listed, "external_id": id, "source": source}
        found += [
            RowKey(plan=plan, key=key, contact=pk) for key in external_keys_of(owner, record) if key in wanted
        ]
        if len(found) >= _CHUNK:
            RowKey.objects.bulk_create(found)
            found = []
    RowKey.objects.bulk_create(found)


def store_keys(plan: Plan, added: Sequence[tuple[int, int]]) -> None:
    """Store the keys of rows, by which the rows of later chunks are recognized.

    There are several for each row. Making an object of each takes a third of the time of a plan.
    """
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, ("plan_id", "key", "number")))
    insert = f"INSERT INTO {quote(RowKey._meta.db_table)} ({columns}) VALUES (%s, %s, %s)"  # noqa: S608 - only names
    with connection.cursor() as cursor:
        cursor.executemany(insert, [(plan.pk, key, number) for key, number in added])


class Matcher:
    """Finds what the rows of a chunk are recognized as. Ask for the rows in their order."""

    def __init__(self, plan: Plan, rows: Sequence[tuple[int | None, Mapping[str, Any]]]) -> None:
        """``rows`` are the owner and the values of each row of the chunk."""
        self._rows: dict[int, int] = {}
        self._contacts: dict[int, set[int]] = {}
        self._keys = [keys_of(owner, values) for owner, values in rows]
        wanted = {key for found in self._keys for keys in found for key in keys}
        known = RowKey.objects.filter(plan=plan, key__in=wanted)
        for key, number, contact in known.values_list("key", "number", "contact"):
            if number is not None:
                self._rows.setdefault(key, number)
            elif contact is not None:
                self._contacts.setdefault(key, set()).add(contact)
        self._find_names(plan, rows, wanted)
        planned = PlanRow.objects.filter(plan=plan, contact__in=self.candidates)
        self._rows_of_contacts = dict(planned.values_list("contact_id", "number"))
        #: The keys of accepted rows with the rows' numbers, for `store_keys`.
        self.added: list[tuple[int, int]] = []

    @property
    def candidates(self) -> set[int]:
        """Return the contacts that rows of the chunk may be recognized as."""
        return {contact for contacts in self._contacts.values() for contact in contacts}

    def find(self, place: int) -> Match:
        """Return what the row at this place of the chunk is recognized as."""
        for keys in self._keys[place]:
            for key in keys:
                if key in self._rows:
                    return Match(row=self._rows[key])
            contacts = {contact for key in keys for contact in self._contacts.get(key, ())}
            for contact in contacts:
                if contact in self._rows_of_contacts:
                    return Match(row=self._rows_of_contacts[contact])
            if contacts:
                return Match(contacts=tuple(sorted(contacts)))
        return Match()

    def accept_new(self, place: int, number: int) -> None:
        """Note that a row becomes a new contact, so that later rows are recognized as it."""
        self._accept(number, self._keys[place])

    def accept_change(
        self, number: int, owner: int | None, record: Mapping[str, Any], *, contact: int
    ) -> None:
        """Note that a row makes this record of a contact, so that later rows are recognized as it."""
        self._rows_of_contacts[contact] = number
        self._accept(number, keys_of(owner, record))

    def _accept(self, number: int, found: Sequence[Keys]) -> None:
        for keys in found:
            for key in keys:
                self._rows.setdefault(key, number)
                self.added.append((key, number))

    def _find_names(
        self, plan: Plan, rows: Sequence[tuple[int | None, Mapping[str, Any]]], wanted: set[int]
    ) -> None:
        """Note the contacts that have the names of rows and share a key with one of them."""
        names = {sort_name(str(v.get("first_name") or ""), str(v.get("last_name") or "")) for _, v in rows}
        owners = {owner for owner, _ in rows}
        belongs = Q(owner__in=owners - {None})
        if None in owners:
            belongs |= Q(owner=None)
        found = _contacts(plan).filter(belongs, sort_name__in=names - {""}).order_by()
        for pk, owner, raw in found.values_list("pk", "owner_id", "document__raw").iterator(chunk_size=500):
            for keys in keys_of(owner, raw or {})[1:]:
                for key in keys:
                    if key in wanted:
                        self._contacts.setdefault(key, set()).add(pk)


def _contacts(plan: Plan) -> ContactQuerySet:
    """Return the contacts among which a plan's author may recognize rows. Others stay unrevealed."""
    assert plan.created_by is not None
    visible = visible_contacts(plan.created_by, plan.installation.organization)
    return visible.present().filter(installation=plan.installation)
