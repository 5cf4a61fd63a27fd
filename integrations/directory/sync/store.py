"""Storing pages of records with a fixed number of statements for each page, inside the caller's transaction."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, DataError, IntegrityError, transaction
from django.db.models import Q

from integrations import total_expert
from integrations.connections.models import Connection, Installation
from integrations.directory.models import (
    Contact,
    ContactGroup,
    Document,
    Membership,
    Owner,
    SyncState,
    Visibility,
)
from integrations.directory.sync import field_access, rows

_NEVER_CHANGED = {"id", "installation", "remote_id", "first_seen_at", "archived", "gone_at"}
#: What storing a record may raise. Only some of the database's errors are about the record.
UNSTORABLE = (DatabaseError, ValueError, OverflowError)
#: PostgreSQL's class of errors about exceeded limits, such as the size of an index entry.
TOO_LARGE = "54"
_CONTACT_FIELDS = [f.name for f in Contact._meta.concrete_fields if f.name not in _NEVER_CHANGED]


@dataclass(frozen=True)
class PassContext:
    """The pass that records are stored for: its connection, its number, and what the connection sees.

    ``read_at`` is when the records were requested. ``archived`` says whether they are the archived contacts, None that this
    is unknown.
    """

    sync_state: SyncState
    connection: Connection
    number: int
    now: dt.datetime
    read_at: dt.datetime
    archived: bool | None = None

    @property
    def installation(self) -> Installation:
        return self.connection.installation


@dataclass
class Stored:
    """The result of storing a page: how many records were stored, and the IDs of those that couldn't be.

    ``unknown_groups`` are the IDs of stored contacts whose groups are in an unknown format. Their memberships stay.
    """

    stored: int = 0
    failed: list[int] = field(default_factory=list)
    unknown_groups: list[int] = field(default_factory=list)


def owners(records: Sequence[total_expert.User], *, installation: Installation, now: dt.datetime) -> None:
    """Store a page of users."""
    made = {record.id: rows.owner_row(record, installation=installation, now=now) for record in records}
    Owner.objects.bulk_create(
        made.values(),
        update_conflicts=True,
        unique_fields=["installation", "remote_id"],
        update_fields=[
            f.name for f in Owner._meta.concrete_fields if f.name not in ("id", "installation", "remote_id")
        ],
    )


def groups(records: Sequence[total_expert.ContactGroup], context: PassContext) -> None:
    """Store a page of groups. If a group names no owner, it keeps the known one or gets the owner of the connection."""
    named = known_owners([record.owner for record in records], context)
    made = {}
    for record in records:
        owner = _owner_of(record.owner, named, context)
        made[record.id] = rows.group_row(
            record, installation=context.installation, owner=owner, now=context.now
        )
    for owned in (True, False):
        ContactGroup.objects.bulk_create(
            [row for row in made.values() if (row.owner is not None) is owned],
            update_conflicts=True,
            unique_fields=["installation", "remote_id"],
            update_fields=["name", "search", "user_editable", "synced_at", "gone_at"]
            + (["owner"] if owned else []),
        )


def known_owners(
    references: Sequence[total_expert.Reference | None], context: PassContext
) -> dict[int, Owner]:
    """Return the owners that these references name, by remote ID. Create those that aren't known yet."""
    named = {reference.id: reference for reference in references if reference is not None and reference.id}
    found = _owners_by_id(context.installation, list(named))
    unknown = [named[key] for key in named.keys() - found.keys()]
    if unknown:
        Owner.objects.bulk_create(
            [
                rows.learned_owner(each, installation=context.installation, now=context.now)
                for each in unknown
            ],
            ignore_conflicts=True,
        )
        found = _owners_by_id(context.installation, list(named))
    return found


def _owners_by_id(installation: Installation, ids: list[int]) -> dict[int, Owner]:
    return {
        owner.remote_id: owner for owner in Owner.objects.filter(installation=installation, remote_id__in=ids)
    }


def _owner_of(
    reference: total_expert.Reference | None, named: dict[int, Owner], context: PassContext
) -> Owner | None:
    if reference is not None and reference.id in named:
        return named[reference.id]
    return context.sync_state.owner


def contacts(records: Sequence[total_expert.Contact], context: PassContext) -> Stored:
    """Store a page of contacts, and that the connection sees them. Records that can't be stored don't stop the others."""
    unknown = [record.id for record in records if rows.group_references(record) is rows.UNKNOWN]
    try:
        with transaction.atomic():
            _contacts(records, context)
        return Stored(len(records), unknown_groups=unknown)
    except UNSTORABLE as problem:
        _raise_unless_about_record(problem)
    return _one_by_one(records, context, unknown)


def _one_by_one(
    records: Sequence[total_expert.Contact], context: PassContext, unknown_groups: list[int]
) -> Stored:
    outcome = Stored(unknown_groups=unknown_groups)
    for record in records:
        try:
            with transaction.atomic():
                _contacts([record], context)
            outcome.stored += 1
        except UNSTORABLE as problem:
            _raise_unless_about_record(problem)
            outcome.failed.append(record.id)
    return outcome


def _raise_unless_about_record(problem: Exception) -> None:
    """Raise errors that aren't about a record, such as a lost database connection: they concern the whole job."""
    is_about_record = isinstance(problem, (DataError, IntegrityError)) or not isinstance(
        problem, DatabaseError
    )
    if not is_about_record and not str(getattr(problem.__cause__, "sqlstate", "")).startswith(TOO_LARGE):
        raise problem


def _contacts(records: Sequence[total_expert.Contact], context: PassContext) -> None:
    records = list({record.id: record for record in records}.values())
    known = _known([record.id for record in records], context)
    named = known_owners([record.owner for record in records], context)
    shown = field_access.shown_to_people(known, context.connection)
    made: dict[int, Contact] = {}
    for record in records:
        row = rows.contact_row(
            record,
            shown=shown.get(record.id),
            installation=context.installation,
            owner=_owner_of(record.owner, named, context),
            as_admin=context.connection.sees_everything,
            now=context.now,
        )
        if _has_news(row, known.get(record.id), record, context):
            made[record.id] = row
    Contact.objects.bulk_create(
        made.values(),
        update_conflicts=True,
        unique_fields=["installation", "remote_id"],
        update_fields=_CONTACT_FIELDS,
    )
    changed = [record for record in records if record.id in made]
    _documents(changed, made, shown)
    field_access.note_shown(
        [record for record in records if record.id not in made], known, context.connection
    )
    _memberships(changed, made, context)
    ids = [made[record.id].pk if record.id in made else known[record.id].pk for record in records]
    _visibilities(ids, context)


def _known(ids: list[int], context: PassContext) -> dict[int, Contact]:
    stored = Contact.objects.filter(installation=context.installation, remote_id__in=ids)
    columns = (
        "remote_id",
        "digest",
        "remote_updated_at",
        "as_admin",
        "owner",
        "synced_at",
        *rows.TEXTS,
        *rows.FLAGS,
    )
    return {contact.remote_id: contact for contact in stored.only(*columns)}


def _has_news(
    row: Contact, known: Contact | None, record: total_expert.Contact, context: PassContext
) -> bool:
    """Return whether to write a row.

    The content decides, because the remote's times can go back or be missing. They only decide between this record and one
    that another pass stored after this one was requested. Admins see more fields, so another user's view only replaces
    theirs if it is newer or shows something else.
    """
    if known is None:
        return True
    if known.synced_at > context.read_at and row.remote_updated_at < known.remote_updated_at:
        return False
    if known.as_admin and not row.as_admin and row.remote_updated_at <= known.remote_updated_at:
        return any(getattr(row, name) != getattr(known, name) for name in rows.shown(record))
    return (row.digest, row.as_admin, row.owner_id) != (known.digest, known.as_admin, known.owner_id)


def _documents(
    records: Sequence[total_expert.Contact], made: dict[int, Contact], shown: Mapping[int, list[str]]
) -> None:
    Document.objects.bulk_create(
        [
            Document(
                contact=made[record.id],
                raw=rows.stored(record.raw),
                shown=shown.get(record.id),
            )
            for record in records
        ],
        update_conflicts=True,
        unique_fields=["contact"],
        update_fields=["raw", "shown"],
    )


def _memberships(
    records: Sequence[total_expert.Contact], made: dict[int, Contact], context: PassContext
) -> None:
    """Replace memberships by those in the records. A record whose groups are missing or unknown changes nothing."""
    listed = {record.id: rows.group_references(record) for record in records}
    with_groups = {
        id: groups for id, groups in listed.items() if groups is not None and groups is not rows.UNKNOWN
    }
    by_id = _groups_of(with_groups, made, context)
    wanted = {
        (made[id].pk, by_id[reference.id])
        for id, references in with_groups.items()
        for reference in references
        if reference.id in by_id
    }
    present = {
        (contact, group): pk
        for pk, contact, group in Membership.objects.filter(
            contact__in=[made[id].pk for id in with_groups]
        ).values_list("pk", "contact_id", "group_id")
    }
    left = [pk for pair, pk in present.items() if pair not in wanted]
    if left:
        Membership.objects.filter(pk__in=left).delete()
    Membership.objects.bulk_create(
        [
            Membership(contact_id=contact, group_id=group)
            for contact, group in sorted(wanted - present.keys())
        ],
        ignore_conflicts=True,
    )


def _groups_of(
    with_groups: Mapping[int, Sequence[total_expert.GroupReference]],
    made: dict[int, Contact],
    context: PassContext,
) -> dict[int, int]:
    """Return the groups that contacts are in, from remote ID to primary key. Create those that weren't listed yet.

    ``with_groups`` has the groups of each contact by its ID.
    """
    named = {
        reference.id: (reference, made[id].owner)
        for id, references in with_groups.items()
        for reference in references
        if reference.id
    }
    stored = ContactGroup.objects.filter(installation=context.installation, remote_id__in=list(named))
    found = dict(stored.values_list("remote_id", "pk"))
    unknown = [named[key] for key in named.keys() - found.keys()]
    if unknown:
        ContactGroup.objects.bulk_create(
            [
                rows.named_group(reference, installation=context.installation, owner=owner, now=context.now)
                for reference, owner in unknown
            ],
            ignore_conflicts=True,
        )
        found = dict(stored.all().values_list("remote_id", "pk"))
    return found


def _visibilities(ids: Sequence[int], context: PassContext) -> None:
    """Record that this connection sees these contacts, and whether they are archived."""
    Visibility.objects.bulk_create(
        [
            Visibility(
                connection=context.connection,
                contact_id=pk,
                pass_number=context.number,
                archived_in=context.number if context.archived else None,
                seen_at=context.now,
            )
            for pk in ids
        ],
        update_conflicts=True,
        unique_fields=["connection", "contact"],
        update_fields=["pass_number", "seen_at"] + (["archived_in"] if context.archived else []),
    )
    seen = Contact.objects.filter(pk__in=ids)
    seen.exclude(gone_at=None).update(gone_at=None)
    if context.archived:
        seen.filter(Q(archived=None) | Q(archived=False)).update(archived=True)
    elif context.archived is False:
        found = Visibility.objects.filter(
            connection=context.connection, archived_in=context.number, contact__in=ids
        )
        active = seen.exclude(pk__in=found.values("contact"))
        active.filter(Q(archived=None) | Q(archived=True)).update(archived=False)
