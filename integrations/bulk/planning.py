"""Making a plan: store which contacts are chosen, and write down for each what changes or why not.

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
from integrations.bulk.building import Builder, sources
from integrations.bulk.insertion import insert
from integrations.bulk.models import OPEN_ROWS, SMALL, Plan, PlanRow, PlanState, RowAction, RowState
from integrations.bulk.operations import Operations
from integrations.connections.models import Installation
from integrations.directory.browse.access import visible_contacts
from integrations.directory.browse.chosen import Chosen
from integrations.directory.models import ContactQuerySet
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock, text
from portal.core.errors import Refused
from portal.organizations.roles import Capability

#: Contacts for which a slice of `build` writes rows at a time.
CHUNK = 500
#: The most contacts of one plan.
LARGEST = 500_000


def create(
    *,
    installation: Installation,
    operations: Operations,
    chosen: Chosen,
    actor: User,
    suppress_emails: bool = False,
    evidence: str = "",
) -> Plan:
    """Store a plan for the chosen contacts and start the job that fills it. ``evidence`` says how they gave a consent."""
    with transaction.atomic():
        plan = record(
            installation=installation,
            actor=actor,
            operations=operations.to_json(),
            selection={
                "query": chosen.selection.query(),
                "ids": None if chosen.ids is None else list(chosen.ids),
                "zone": timezone.get_current_timezone_name(),
            },
            suppress_emails=suppress_emails and installation.organization.allows(actor, Capability.OPERATE),
            grants_consent=operations.grants_consent,
            evidence=text.clean(evidence),
        )
        jobs.start_building(plan, actor)
    return plan


def record(*, installation: Installation, actor: User, **fields: Any) -> Plan:
    """Store a plan without rows, and note in the audit log who made it."""
    with transaction.atomic():
        plan = Plan.objects.create(
            installation=installation, created_by=actor, created_at=clock.now(), **fields
        )
        log.record("bulk.planned", actor=actor, organization=installation.organization, target=plan)
    return plan


def build(plan: Plan, *, has_time: Callable[[], bool], saved: Callable[[int, int], None]) -> bool:
    """Write the rows of the next contacts. Return whether the plan is built. Raise Refused if it can't be.

    ``has_time`` is asked before each chunk; ``saved`` is called with the rows done and their total in the transaction that
    stores a chunk.
    """
    contacts = _chosen_contacts(plan)
    total = contacts.count()
    if total > LARGEST:
        raise Refused(f"The selection has more than {LARGEST:,} contacts. Narrow it.")
    builder = Builder(plan)
    while has_time():
        chunk = sources(contacts, after=plan.built_until, limit=CHUNK)
        if not chunk:
            return finish(plan)
        if not store(
            plan, builder.rows(chunk), until=chunk[-1].pk, saved=lambda: saved(builder.number, total)
        ):
            return True
    return False


def store(plan: Plan, rows: Sequence[PlanRow], *, until: int, saved: Callable[[], None]) -> bool:
    """Save the next rows of a plan that is being prepared. Return False if it was canceled meanwhile.

    ``until`` is where the next chunk begins; ``saved`` is called in the same transaction.
    """
    with transaction.atomic():
        if not Plan.objects.select_for_update().filter(pk=plan.pk, state=PlanState.BUILDING).exists():
            return False
        insert(rows)
        plan.built_until, plan.digest = until, _chained(plan, rows)
        plan.joins_groups = plan.joins_groups or any(_joins_groups(row) for row in rows)
        plan.save(update_fields=["built_until", "digest", "joins_groups", "grants_consent"])
        saved()
    return True


def finish(plan: Plan) -> bool:
    """Make a plan that has all its rows ready to review. Return True. Raise Refused if it has none."""
    if not plan.rows.exists():
        raise Refused("No contact is selected any more. Choose contacts again.")
    Plan.objects.filter(pk=plan.pk, state=PlanState.BUILDING).update(state=PlanState.READY)
    return True


def fail(plan: Plan, problem: str) -> None:
    """Say why a plan can't be prepared."""
    Plan.objects.filter(pk=plan.pk, state=PlanState.BUILDING).update(
        state=PlanState.FAILED, problem=problem[:300], digest=""
    )


def _joins_groups(row: PlanRow) -> bool:
    if row.state != RowState.PLANNED:
        return False
    joined = set(row.after.get("groups", [])) - set(row.before.get("groups", []))
    return bool(joined) if row.action != RowAction.DELETE else False


def _chained(plan: Plan, rows: Sequence[PlanRow]) -> str:
    """Return the hash of everything that a plan sends and through which connections, continued by these rows."""
    found = hashlib.sha256(json.dumps([plan.pk, plan.suppress_emails, plan.digest]).encode())
    for row in rows:
        if row.state == RowState.PLANNED:
            sent = (
                row.action,
                row.remote_id,
                str(row.connection_id),
                row.before,
                row.after,
                row.contact_digest,
            )
            found.update(json.dumps(sent, sort_keys=True).encode())
    return found.hexdigest()


def needed_capability(plan: Plan, count: int) -> Capability:
    """Return what a person must be allowed to apply this many changes of a plan."""
    undecided = [*OPEN_ROWS, RowState.FAILED, RowState.SET_ASIDE]
    grave = [RowAction.DELETE, RowAction.TRANSFER]
    is_grave = plan.rows.filter(action__in=grave, state__in=undecided).exists()
    return Capability.EDIT_MANY if count > SMALL or is_grave or plan.is_import else Capability.EDIT


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
