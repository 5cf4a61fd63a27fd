"""The plan of a file: for each row, the contact that it creates or changes, or why it does neither."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Values_
from functools import partial
from typing import Any

from django.db import transaction

from integrations.bulk import planning
from integrations.bulk.building import NO_WRITER, Source, sources
from integrations.bulk.fields import (
    CONTACT_POINTS,
    FIELDS,
    REQUIRED,
    Value,
    custom_values_in,
    grants_consent,
    same_custom,
)
from integrations.bulk.files import matching, staging, uploads
from integrations.bulk.files.cells import CellReader, Values
from integrations.bulk.files.mapping import FIELD, OWNER, Mapping
from integrations.bulk.files.matching import Keys, Matcher
from integrations.bulk.files.owners import Owners
from integrations.bulk.files.readers import Row
from integrations.bulk.models import Plan, PlanRow, RowAction, RowKey, RowState
from integrations.bulk.operations import fold
from integrations.directory import required_groups
from integrations.directory.models import Contact, ContactGroup, Membership, Owner, RequiredGroup
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations.roles import Capability

#: What the first step of the vendor's rule needs of a row.
_IDENTITY = (FIELD + "external_id", FIELD + "source", OWNER)
#: How many IDs of contacts a sentence lists.
_LISTED = 5


def build(plan: Plan, *, has_time: Callable[[], bool], saved: Callable[[int, int], None]) -> bool:
    """Write the rows of the next chunks of a file. Return whether the plan is built. See `planning.build`.

    Raise Refused if the file can't be read to its end. Reading it takes one step, however large it is, because its middle
    can't be found again; ``saved`` is called all along.
    """
    upload, author = plan.upload, plan.created_by
    if upload is None:
        raise Refused(uploads.DELETED)
    if author is None or not plan.installation.organization.allows(author, Capability.EDIT_MANY):
        raise Refused("The person who planned this import may no longer import contacts here.")
    staging.read_rows(upload, saved=lambda count: saved(0, count))
    builder = Builder(plan)
    if not plan.built_until:
        builder.index_external_ids()
    while has_time():
        rows = staging.rows_of(upload, plan.built_until + 1)
        if not rows:
            RowKey.objects.filter(plan=plan).delete()
            return planning.finish(plan)
        made, keys = builder.rows(rows)
        done = plan.built_until * staging.CHUNK + len(rows)
        progress = partial(saved, done, upload.row_count or 0)
        with transaction.atomic():
            if not planning.store(plan, made, until=plan.built_until + 1, saved=progress):
                return True
            matching.store_keys(plan, keys)
    return False


class Builder:
    """Makes the rows of a file's plan, chunk by chunk."""

    def __init__(self, plan: Plan) -> None:
        assert plan.upload is not None
        self._plan, self._upload = plan, plan.upload
        self._mapping = Mapping.from_json(plan.selection["mapping"])
        self._owners = Owners(plan)
        self._cells = CellReader(self._mapping, plan.upload.heads, self._owners)
        self._identity = CellReader(self._mapping.only(_IDENTITY), plan.upload.heads, self._owners)
        self._required = list(required_groups.of(plan.installation))

    def index_external_ids(self) -> None:
        """Find the contacts whose external IDs are in the file."""
        if self._mapping.column_of(FIELD + "external_id") is not None:
            matching.index_external_ids(self._plan, self._upload, self._pairs)

    def _pairs(self, rows: Sequence[Row]) -> Iterable[Keys]:
        for row in rows:
            values = self._identity.read(row)
            yield matching.external_keys_of(values.owner.pk if values.owner else None, values.fields)

    def rows(self, rows: Sequence[Row]) -> tuple[list[PlanRow], list[tuple[int, int]]]:
        """Return the plan's rows for rows of the file, and the keys by which later rows recognize them."""
        read = [self._cells.read(row) for row in rows]
        matcher = Matcher(self._plan, [(v.owner.pk if v.owner else None, v.fields) for v in read])
        chunk = _Chunk(self._plan, matcher.candidates, self._owners, read, self._required)
        made = []
        for place, (row, values) in enumerate(zip(rows, read, strict=True)):
            planned = PlanRow(plan=self._plan, number=row.number, state=RowState.PLANNED)
            try:
                self._plan_row(planned, place, values, matcher, chunk)
            except Refused as refused:
                planned = PlanRow(plan=self._plan, number=row.number)
                planned.settle(RowState.REFUSED, clock.now(), str(refused))
            made.append(planned)
        return made, matcher.added

    def _plan_row(
        self, planned: PlanRow, place: int, values: Values, matcher: Matcher, chunk: "_Chunk"
    ) -> None:
        if values.problems:
            raise Refused(" ".join(values.problems))
        if values.owner is None:
            raise Refused("The row names no owner.")
        # People on a suppression list must be refused here, before anything is looked up for them.
        match = matcher.find(place)
        if match.row is not None:
            raise Refused(f"Row {match.row} of the file is the same contact. Delete one of the rows.")
        if len(match.contacts) > 1:
            ids = sorted(chunk.contacts[pk].remote_id for pk in match.contacts)
            listed = ", ".join(map(str, ids[:_LISTED])) + (" and more" if len(ids) > _LISTED else "")
            raise Refused(f"Several contacts match, so it isn't clear which one to change: {listed}.")
        if match.contacts:
            contact = chunk.contacts[match.contacts[0]]
            self._update(planned, values, contact, chunk)
            changed = {**contact.raw, **planned.after.get("fields", {})}
            matcher.accept_change(planned.number, contact.owner_id, changed, contact=contact.pk)
        else:
            self._create(planned, values, values.owner, chunk)
            matcher.accept_new(place, planned.number)

    def _update(self, planned: PlanRow, values: Values, contact: Source, chunk: "_Chunk") -> None:
        """Plan what differs between a row and its contact."""
        planned.contact_id, planned.remote_id = contact.pk, contact.remote_id
        planned.contact_digest, planned.connection_id = contact.digest, chunk.writers.get(contact.pk)
        if planned.connection_id is None:
            raise Refused(NO_WRITER)
        old: dict[str, Any] = {name: FIELDS[name].value_in(contact.raw) for name in values.fields}
        new = {name: v for name, v in values.fields.items() if not FIELDS[name].same(old[name], v)}
        if values.has_default_source and old["source"]:
            new.pop("source", None)
        _put(planned, "fields", {name: old[name] for name in new}, new)
        old = custom_values_in(contact.raw)
        new = {name: v for name, v in values.custom.items() if not same_custom(old.get(name), v)}
        _put(planned, "custom", {name: old.get(name) for name in new}, new)
        wanted = {chunk.group(contact.owner_id, name) for name in values.groups}
        present = chunk.present.get(contact.pk, set()) & wanted
        if wanted - present:
            _put(planned, "groups", sorted(present), sorted(wanted))
        if not planned.after:
            planned.settle(RowState.UNCHANGED, clock.now())
        elif grants_consent(planned.after.get("fields", {}), planned.before.get("fields", {})):
            self._plan.grants_consent = True

    def _create(self, planned: PlanRow, values: Values, owner: Owner, chunk: "_Chunk") -> None:
        """Plan a new contact, with the groups that are required for every new contact."""
        _require_minimum(values.fields)
        planned.action, planned.connection_id = RowAction.CREATE, self._owners.connection_of(owner)
        groups = {chunk.group(owner.pk, name) for name in values.groups}
        groups |= {chunk.required_group(owner, row) for row in self._required}
        planned.after = {"fields": values.fields, "owner": owner.remote_id}
        planned.after |= {"custom": values.custom} if values.custom else {}
        planned.after |= {"groups": sorted(groups)} if groups else {}
        if grants_consent(values.fields):
            self._plan.grants_consent = True


class _Chunk:
    """What the rows of a chunk refer to: contacts that they may change, and groups by owner and folded name."""

    def __init__(
        self,
        plan: Plan,
        candidates: Iterable[int],
        owners: Owners,
        read: Sequence[Values],
        required: Sequence[RequiredGroup],
    ) -> None:
        pks = list(candidates)
        rows = sources(Contact.objects.filter(pk__in=pks), after=0, limit=len(pks)) if pks else []
        self.contacts = {row.pk: row for row in rows}
        self.writers = owners.writers.of(pks)
        names = {fold(name) for values in read for name in values.groups}
        names |= {row.folded_name for row in required}
        whose = {values.owner.pk for values in read if values.owner}
        groups = ContactGroup.objects.filter(
            installation=plan.installation, gone_at=None, owner__in=whose, search__in=names
        )
        self._groups = {(group.owner_id, group.search): group for group in groups} if names else {}
        ids = {group.pk: group.remote_id for group in self._groups.values()}
        self.present: dict[int, set[int]] = {}
        if ids and pks:
            members = Membership.objects.filter(contact__in=pks, group__in=ids)
            for contact, group in members.values_list("contact_id", "group_id"):
                self.present.setdefault(contact, set()).add(ids[group])

    def group(self, owner: int | None, name: str) -> int:
        """Return the remote ID of the group of this name that an owner has. Raise Refused."""
        found = self._groups.get((owner, fold(name)))
        if found is None:
            raise Refused(f"The contact's owner has no group “{name[:80]}”.")
        if found.user_editable is False:
            raise Refused(f"Total Expert doesn't allow changes to the group “{name[:80]}”.")
        return found.remote_id

    def required_group(self, owner: Owner, row: RequiredGroup) -> int:
        """Return the remote ID of a group that new contacts of an owner must be in. Raise Refused."""
        found = self._groups.get((owner.pk, row.folded_name))
        if found is None:
            raise Refused(
                f"{owner.display_name} has no group “{row.name[:80]}”, which every new contact must be in. Create it first."
            )
        return found.remote_id


def _put(planned: PlanRow, name: str, before: Any, after: Any) -> None:
    if after:
        planned.before[name], planned.after[name] = before, after


def _require_minimum(fields: Values_[str, Value]) -> None:
    """Raise Refused unless Total Expert accepts a new contact with these fields."""
    missing = [FIELDS[name].label.lower() for name in REQUIRED if not fields.get(name)]
    if not any(all(fields.get(name) for name in point) for point in CONTACT_POINTS):
        missing.append("email, phone or full address")
    if missing:
        raise Refused(f"No contact matches, and a new one needs more. Missing: {'; '.join(missing)}.")
