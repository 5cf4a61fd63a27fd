"""Making a plan: freeze the selection, and write down for each contact what changes or why not.

`create` stores the plan; `build` fills it in slices, as a job does. A plan that is built has a digest of all that it would
send, so that nobody applies another one than they looked at.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from integrations.bulk import jobs
from integrations.bulk.models import SMALL, Plan, PlanRow, PlanState, RowState
from integrations.bulk.operations import Operations, folded
from integrations.bulk.writers import Writers
from integrations.connections.models import Installation
from integrations.directory.browse.access import visible_contacts, visible_record
from integrations.directory.browse.chosen import Chosen
from integrations.directory.models import Contact, ContactGroup, ContactQuerySet, Membership
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock
from portal.organizations.roles import Capability

#: Contacts for which a slice of `build` writes rows at a time.
CHUNK = 500
#: The most contacts of one plan.
LARGEST = 500_000

HIDDEN = "Your connection doesn't show this field of the contact, so it can't be changed here."
NO_WRITER = "No working connection can change this contact."


def create(
    *,
    installation: Installation,
    operations: Operations,
    chosen: Chosen,
    actor: User,
    suppress_emails: bool = False,
) -> Plan:
    """Store a plan for the chosen contacts and start the job that fills it."""
    with transaction.atomic():
        plan = Plan.objects.create(
            installation=installation,
            operations=operations.to_json(),
            selection={
                "query": chosen.selection.query(),
                "ids": None if chosen.ids is None else list(chosen.ids),
                "zone": timezone.get_current_timezone_name(),
            },
            suppress_emails=suppress_emails and installation.organization.allows(actor, Capability.OPERATE),
            created_by=actor,
            created_at=clock.now(),
        )
        log.record("bulk.planned", actor=actor, organization=installation.organization, target=plan)
    jobs.start_building(plan, actor)
    return plan


def build(plan: Plan, *, has_time: Callable[[], bool], saved: Callable[[int, int], None]) -> bool:
    """Write the rows of the next contacts. Return whether the plan is built.

    ``has_time`` is asked before each chunk; ``saved`` is called with the rows done and their total in the transaction that
    stores a chunk.
    """
    assert plan.created_by is not None
    contacts = _chosen_contacts(plan)
    total = contacts.count()
    if total > LARGEST:
        return fail(plan, f"The selection has more than {LARGEST:,} contacts. Narrow it.")
    builder = _Builder(plan, plan.created_by)
    while has_time():
        chunk = list(_needed_columns(contacts.filter(pk__gt=plan.built_until))[:CHUNK])
        with transaction.atomic():
            if not Plan.objects.select_for_update().filter(pk=plan.pk, state=PlanState.BUILDING).exists():
                return True  # canceled meanwhile
            rows = builder.rows(chunk)
            PlanRow.objects.bulk_create(rows)
            if chunk:
                plan.built_until = chunk[-1].pk
                plan.save(update_fields=["built_until"])
                saved(builder.number, total)
                continue
        return finish(plan)
    return False


def finish(plan: Plan) -> bool:
    """Make a plan that has all its rows ready to review. Return True."""
    if not plan.rows.exists():
        return fail(plan, "No contact is selected any more. Choose contacts again.")
    plan.digest = digest_of(plan)
    Plan.objects.filter(pk=plan.pk, state=PlanState.BUILDING).update(
        state=PlanState.READY, digest=plan.digest
    )
    return True


def fail(plan: Plan, problem: str) -> bool:
    """Say why a plan can't be prepared. Return True."""
    Plan.objects.filter(pk=plan.pk, state=PlanState.BUILDING).update(state=PlanState.FAILED, problem=problem)
    return True


def digest_of(plan: Plan) -> str:
    """Return the hash of everything that a plan would send, and by which connection."""
    found = hashlib.sha256(json.dumps([plan.pk, plan.suppress_emails]).encode())
    rows = plan.rows.filter(state=RowState.PLANNED).order_by("number")
    for row in rows.values_list("remote_id", "connection_id", "before", "after", "contact_digest").iterator():
        found.update(json.dumps(row, default=str, sort_keys=True).encode())
    return found.hexdigest()


def same(one: object, other: object) -> bool:
    """Return whether two values of a field say the same: an empty text is as good as none."""
    return str(one or "") == str(other or "")


def needed_capability(count: int) -> Capability:
    """Return what a person must be allowed to apply this many changes."""
    return Capability.EDIT if count <= SMALL else Capability.EDIT_MANY


def _chosen_contacts(plan: Plan) -> ContactQuerySet:
    """Return the contacts of a plan, as its author sees them now, by primary key."""
    assert plan.created_by is not None
    ids, query = plan.selection.get("ids", []), plan.selection.get("query", "")
    data = QueryDict(mutable=True)
    data["query"] = query
    if ids is None:
        data["all"] = "1"
    else:
        data.setlist("contact", [str(id) for id in ids])
    visible = visible_contacts(plan.created_by, plan.installation.organization)
    with timezone.override(plan.selection.get("zone", "UTC")):  # days begin where the author is
        return Chosen.read(data).apply(visible, plan.installation).order_by("pk")


def _needed_columns(contacts: ContactQuerySet) -> ContactQuerySet:
    """Read no more of the contacts than rows are made of."""
    columns = ("installation", "remote_id", "owner", "digest", "as_admin", "document__raw", "document__shown")
    return contacts.select_related("document").only(*columns)


class _Builder:
    """Makes the rows of a plan, chunk by chunk."""

    def __init__(self, plan: Plan, author: User) -> None:
        self._plan, self._author = plan, author
        self._operations = Operations.from_json(plan.operations)
        self._writers = Writers(plan.installation, author)
        self._names = {folded(name): name for name in self._operations.group_names}
        groups = ContactGroup.objects.filter(installation=plan.installation, gone_at=None)
        self._groups: dict[tuple[int | None, str], ContactGroup] = {}
        if self._names:
            for group in groups:
                if folded(group.name) in self._names:
                    self._groups[group.owner_id, folded(group.name)] = group
        self.number = plan.rows.count()

    def rows(self, contacts: Sequence[Contact]) -> list[PlanRow]:
        """Return the rows of these contacts, each with its outcome or its reason."""
        writers = self._writers.of(contacts)
        touched = {group.pk: group for group in self._groups.values()}
        members = Membership.objects.filter(contact__in=contacts, group__in=touched)
        present: dict[int, set[int]] = {}
        for contact_id, group_id in members.values_list("contact_id", "group_id"):
            present.setdefault(contact_id, set()).add(touched[group_id].remote_id)
        return [
            self._row(contact, present.get(contact.pk, set()), writers.get(contact.pk))
            for contact in contacts
        ]

    def _row(self, contact: Contact, present: set[int], connection: Any) -> PlanRow:
        self.number += 1
        row = PlanRow(
            plan=self._plan,
            number=self.number,
            contact=contact,
            remote_id=contact.remote_id,
            connection_id=connection,
            state=RowState.PLANNED,
            contact_digest=contact.digest,
        )
        reason = "" if connection else NO_WRITER
        reason = reason or self._change_groups(row, contact, present)
        if reason:
            row.settle(RowState.REFUSED, clock.now(), reason)
            return row
        if reason := self._change_fields(row, contact):
            row.settle(RowState.REFUSED, clock.now(), reason)
            return row
        if row.before == row.after:
            row.settle(RowState.UNCHANGED, clock.now())
        return row

    def _change_groups(self, row: PlanRow, contact: Contact, present: set[int]) -> str:
        """Set the groups before and after. Return why that is not possible, or ""."""
        if not self._names:
            return ""
        added, removed = set(), set()
        for name in self._operations.add_groups:
            group = self._groups.get((contact.owner_id, folded(name)))
            if group is None:
                return f"The contact's owner has no group “{name}”."
            if group.user_editable is False:
                return f"Total Expert doesn't allow changes to the group “{name}”."
            added.add(group.remote_id)
        for name in self._operations.remove_groups:
            group = self._groups.get((contact.owner_id, folded(name)))
            if group is not None:
                removed.add(group.remote_id)
        touched = added | removed
        row.before["groups"] = sorted(present & touched)
        row.after["groups"] = sorted(((present & touched) | added) - removed)
        return ""

    def _change_fields(self, row: PlanRow, contact: Contact) -> str:
        """Set the fields before and after. Return why that is not possible, or ""."""
        if not self._operations.fields:
            return ""
        contact.installation = self._plan.installation
        record = visible_record(self._author, contact)
        if any(contact.document.raw.get(name) != record.get(name) for name in self._operations.fields):
            return HIDDEN  # an undo could not put back what its author can't see
        row.before["fields"] = {name: record.get(name) for name in self._operations.fields}
        row.after["fields"] = {
            name: row.before["fields"][name] if same(row.before["fields"][name], value) else value
            for name, value in self._operations.fields.items()
        }
        return ""
