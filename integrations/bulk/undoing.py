"""The plan that undoes another one, from what it noted before it changed each contact."""

from collections.abc import Callable

from django.db import models, transaction

from integrations.bulk import planning
from integrations.bulk.models import Plan, PlanRow, RowState
from integrations.bulk.writers import Writers
from integrations.connections.models import Connection
from integrations.directory.models import Contact, Membership, SyncState
from integrations.directory.sync import jobs as sync_jobs
from integrations.total_expert import TryLater
from portal.core import clock

CHUNK = 500
CHANGED = "The contact was changed after the edit, so it is left as it is."
GONE = "The contact no longer exists."


def build(plan: Plan, *, has_time: Callable[[], bool], saved: Callable[[int, int], None]) -> bool:
    """Write the rows that put back what ``plan.undo_of`` changed. Return whether the plan is built. See `planning.build`.

    Raise TryLater until the synced copy shows the results of that plan.
    """
    undone = plan.undo_of
    assert undone is not None and plan.created_by is not None
    done = undone.rows.filter(state=RowState.DONE)
    _require_synced(undone, done)
    writers, total = Writers(plan.installation, plan.created_by), done.count()
    while has_time():
        chunk = list(
            done.filter(number__gt=plan.built_until)
            .select_related("contact__document")
            .order_by("number")[:CHUNK]
        )
        if not chunk:
            return planning.finish(plan)
        contacts = [row.contact for row in chunk if row.contact is not None]
        by_contact, groups = writers.of(contacts), _groups(contacts)
        rows = []
        for row in chunk:
            contact = row.contact
            made = PlanRow(
                plan=plan,
                number=row.number,
                contact=contact,
                remote_id=row.remote_id,
                connection_id=by_contact.get(contact.pk) if contact is not None else None,
                state=RowState.PLANNED,
                before=row.after,
                after=row.before,
                contact_digest=contact.digest if contact is not None else "",
            )
            if reason := _why_not(made, contact, groups):
                made.settle(RowState.REFUSED, clock.now(), reason)
            rows.append(made)
        with transaction.atomic():
            PlanRow.objects.bulk_create(rows)
            plan.built_until = chunk[-1].number
            plan.save(update_fields=["built_until"])
            saved(plan.rows.count(), total)
    return False


def _require_synced(undone: Plan, done: "models.QuerySet[PlanRow]") -> None:
    senders = done.order_by().values("connection").distinct()
    for connection in Connection.objects.admitted().filter(pk__in=senders).select_related("installation"):
        state = SyncState.objects.filter(connection=connection).first()
        started, finished = (state.started_at, state.finished_at) if state else (None, None)
        ended = undone.finished_at or undone.created_at
        if started is None or finished is None or not ended <= started <= finished:
            sync_jobs.start(connection=connection)
            raise TryLater("Reading the results of the edit first.", after=3.0)


def _groups(contacts: list[Contact]) -> dict[int, set[int]]:
    """Return the remote ids of each contact's groups."""
    found: dict[int, set[int]] = {contact.pk: set() for contact in contacts}
    members = Membership.objects.filter(contact__in=contacts).values_list("contact_id", "group__remote_id")
    for contact_id, remote_id in members:
        found[contact_id].add(remote_id)
    return found


def _why_not(row: PlanRow, contact: Contact | None, groups: dict[int, set[int]]) -> str:
    """Return why a row can't be undone, or ""."""
    if contact is None or contact.gone_at is not None:
        return GONE
    if row.connection_id is None:
        return planning.NO_WRITER
    touched = set(row.before.get("groups", [])) | set(row.after.get("groups", []))
    raw = contact.document.raw
    as_left = groups[contact.pk] & touched == set(row.before.get("groups", [])) and all(
        planning.same(raw.get(name), value) for name, value in row.before.get("fields", {}).items()
    )
    return "" if as_left else CHANGED
