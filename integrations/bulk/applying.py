"""Sending the rows of plans: one job for each connection, exactly one outcome for each row.

A row is marked as being sent in a committed transaction before its request leaves. If the process dies, or the response is
lost, the next slice reads the contact and compares: it never guesses.
"""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F

from integrations import total_expert
from integrations.bulk.models import (
    OPEN_ROWS,
    SENDING_STATES,
    Plan,
    PlanRow,
    PlanState,
    RowState,
)
from integrations.connections import lifecycle
from integrations.connections.client import client_for
from integrations.connections.models import Connection
from integrations.directory.models import SyncState
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs.models import Job, JobState
from integrations.jobs.run import Run
from integrations.total_expert import (
    AnswerLost,
    NotSent,
    ReconnectRequired,
    Rejected,
    TotalExpertError,
    TryLater,
)
from portal.core import clock

#: Rows whose requests are written down, sent and settled together.
BATCH = 40
CONCURRENCY = 4
#: How often a row is sent whose responses get lost.
MAX_ATTEMPTS = 3
#: Seconds between looks at the sync that must finish first.
SYNC_WAIT = 3.0

GONE = "The contact no longer exists, or this connection no longer sees it."
CHANGED = "The contact was changed at Total Expert after this plan was made."
UNKNOWN = "Total Expert didn't confirm the change, and the contact can't be read. It may have been made."
SILENT = f"Total Expert didn't confirm the change after {MAX_ATTEMPTS} attempts."


class Sender:
    """Sends the rows of one connection in a slice of its job."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._connection = Connection.objects.select_related(
            "installation__environment", "installation__organization", "egress", "user"
        ).get(jobs=run.job.pk)
        self._settled = run.job.done

    def send(self) -> bool:
        """Send until no row is left or the time is up. Return whether none is left. Raise the client's errors."""
        lifecycle.require_usable(self._connection)
        if self._connection.admitted_at is None:
            raise ReconnectRequired("This connection hasn't been verified yet. Test it, then retry.")
        with client_for(self._connection) as client:
            while self._run.time_left():
                if unsure := self._unsure_rows():
                    self._read_back(client, unsure)
                    continue
                plan = self._next_plan()
                if plan is None:
                    self._finish_plans()
                    return True
                self._require_recent_sync(plan)
                rows = self._take(plan)
                if rows:
                    self._send(client, plan, rows)
                finish_plan(plan)
        return False

    def _finish_plans(self) -> None:
        """End plans whose last row was settled just before a process was killed."""
        own = Plan.objects.filter(state__in=SENDING_STATES, rows__connection=self._connection)
        for plan in own.distinct():
            finish_plan(plan)

    def _open_rows(self) -> Any:
        return PlanRow.objects.filter(connection=self._connection)

    def _unsure_rows(self) -> list[PlanRow]:
        """Return rows that were being sent when a slice ended."""
        rows = self._open_rows().filter(state=RowState.SENDING).select_related("plan")
        return list(rows.order_by("plan", "number")[:BATCH])

    def _next_plan(self) -> Plan | None:
        """Return the oldest plan that this connection has rows to send for."""
        planned = self._open_rows().filter(state=RowState.PLANNED, plan__state__in=SENDING_STATES)
        eligible = planned.filter(plan__pilot_until=None) | planned.filter(number__lte=F("plan__pilot_until"))
        row = (
            eligible.select_related("plan__installation")
            .order_by("plan__applied_at", "plan", "number")
            .first()
        )
        return None if row is None else row.plan

    def _require_recent_sync(self, plan: Plan) -> None:
        """Raise TryLater until a pass that began after the plan was applied has read what changed."""
        assert plan.applied_at is not None
        state = SyncState.objects.filter(connection=self._connection).first()
        if state is not None and _passed_since(state, plan.applied_at):
            return
        failed = Job.objects.filter(
            connection=self._connection,
            kind=sync_jobs.KIND,
            state__in=[JobState.FAILED, JobState.CANCELED],
            finished_at__gte=plan.applied_at,
        ).exists()
        if failed:
            raise Rejected(
                ["Recent changes couldn't be read, so nothing was sent. Sync the contacts, then retry."]
            )
        sync_jobs.start(connection=self._connection)
        raise TryLater("Reading recent changes first, so that none is overwritten.", after=SYNC_WAIT)

    def _take(self, plan: Plan) -> list[PlanRow]:
        """Mark the next rows as being sent. Set aside those that changed since the plan. Return the marked ones."""
        at = clock.now()
        with transaction.atomic():
            current = Plan.objects.select_for_update().filter(pk=plan.pk, state__in=SENDING_STATES).first()
            if current is None:
                return []
            planned = self._open_rows().filter(plan=current, state=RowState.PLANNED)
            if current.pilot_until is not None:
                planned = planned.filter(number__lte=current.pilot_until)
            rows = list(planned.select_related("contact").order_by("number")[:BATCH])
            for row in rows:
                _mark(row, at)
            PlanRow.objects.bulk_update(rows, ["state", "reason", "finished_at"])
            self._count(rows)
        return [row for row in rows if row.state == RowState.SENDING]

    def _send(self, client: total_expert.Client, plan: Plan, rows: list[PlanRow]) -> None:
        by_id = {row.remote_id: row for row in rows}
        changes = [(row.remote_id, _request(plan, row)) for row in rows]
        problem: TotalExpertError | None = None
        sent = set()
        for id, error in client.contacts.update_each(changes, concurrency=CONCURRENCY):
            sent.add(id)
            _settle(by_id[id], error)
            if isinstance(error, (TryLater, ReconnectRequired)) and problem is None:
                problem = error
        for id in by_id.keys() - sent:
            by_id[id].state = RowState.PLANNED
        self._save(rows)
        if problem is not None:
            finish_plan(plan)
            raise problem

    def _read_back(self, client: total_expert.Client, rows: list[PlanRow]) -> None:
        """Find out what became of requests without a response, by reading their contacts."""
        for row in rows:
            try:
                contact = client.contacts.get(row.remote_id)
            except Rejected as refused:
                row.settle(RowState.FAILED, clock.now(), GONE if refused.code == "not_found" else UNKNOWN)
            except TryLater as later:
                if later.status in (None, 429, 503):
                    raise
                row.attempts += 1
                if row.attempts >= MAX_ATTEMPTS:
                    row.settle(RowState.FAILED, clock.now(), UNKNOWN)
                self._save([row])
                raise
            else:
                _compare(row, contact)
            self._save([row])
        for plan in {row.plan for row in rows}:
            finish_plan(plan)

    def _save(self, rows: list[PlanRow]) -> None:
        with transaction.atomic():
            plans = Plan.objects.select_for_update().filter(pk__in={row.plan_id for row in rows})
            sending = {plan.pk for plan in plans if plan.is_sending}
            for row in rows:
                if row.state == RowState.PLANNED and row.plan_id not in sending:
                    row.settle(RowState.CANCELED, clock.now())
            PlanRow.objects.bulk_update(rows, ["state", "reason", "attempts", "finished_at"])
            self._count(rows)

    def _count(self, rows: list[PlanRow]) -> None:
        """Save the job's progress, in the transaction that stores ``rows``."""
        self._settled += sum(row.state not in OPEN_ROWS for row in rows)
        failed = self._run.job.failed + sum(row.state == RowState.FAILED for row in rows)
        left = self._open_rows().filter(state__in=OPEN_ROWS, plan__state__in=SENDING_STATES).count()
        self._run.checkpoint(done=self._settled, total=self._settled + left, failed=failed)


def finish_plan(plan: Plan) -> None:
    """End the pilot or the plan if none of its rows is left. Then the synced copy is updated from Total Expert."""
    plan.refresh_from_db()
    left = plan.rows.filter(state__in=OPEN_ROWS)
    if plan.state == PlanState.PILOT:
        left = left.filter(number__lte=plan.pilot_until or 0)
    after = {PlanState.PILOT: PlanState.PILOT_DONE, PlanState.APPLYING: PlanState.APPLIED}.get(
        PlanState(plan.state)
    )
    if after is None or left.exists():
        return
    moved = Plan.objects.filter(pk=plan.pk, state=plan.state).update(state=after, finished_at=clock.now())
    if moved:
        senders = plan.rows.filter(state=RowState.DONE).order_by().values("connection").distinct()
        for connection in Connection.objects.working().filter(pk__in=senders).select_related("installation"):
            sync_jobs.start(connection=connection)


def _passed_since(state: SyncState, at: dt.datetime) -> bool:
    """Return whether a pass that began at this time or later has finished."""
    return (
        state.started_at is not None
        and state.finished_at is not None
        and at <= state.started_at <= state.finished_at
    )


def _mark(row: PlanRow, at: dt.datetime) -> None:
    if row.contact is None or row.contact.gone_at is not None:
        row.settle(RowState.FAILED, at, GONE)
    elif row.contact.digest != row.contact_digest:
        row.settle(RowState.SET_ASIDE, at, CHANGED)
    else:
        row.state = RowState.SENDING


def _request(plan: Plan, row: PlanRow) -> dict[str, Any]:
    sent = row.payload()
    if plan.suppress_emails:
        sent["options"] = {"suppress_emails": True}
    return sent


def _settle(row: PlanRow, error: TotalExpertError | None) -> None:
    """Set the outcome of a row whose request has ended."""
    at = clock.now()
    if error is None:
        row.settle(RowState.DONE, at)
    elif isinstance(error, AnswerLost):
        row.attempts += 1  # stays as being sent, until its contact is read
    elif isinstance(error, (NotSent, TryLater, ReconnectRequired)):
        row.state = RowState.PLANNED
    elif error.code == "not_found":
        row.settle(RowState.FAILED, at, GONE)
    else:
        row.settle(RowState.FAILED, at, str(error))


def _compare(row: PlanRow, contact: total_expert.Contact) -> None:
    """Settle a row by the contact as it is now. If the change isn't there, send it again, unless it was tried often."""
    groups = {group.id for group in contact.contact_groups}
    touched = set(row.before.get("groups", [])) | set(row.after.get("groups", []))
    has_groups = groups & touched == set(row.after.get("groups", []))
    raw = contact.raw
    has_fields = all(
        str(raw.get(name) or "") == str(value or "") for name, value in row.after.get("fields", {}).items()
    )
    if has_groups and has_fields:
        row.settle(RowState.DONE, clock.now())
    elif row.attempts >= MAX_ATTEMPTS:
        row.settle(RowState.FAILED, clock.now(), SILENT)
    elif row.plan.is_sending:
        row.state = RowState.PLANNED
    else:
        row.settle(RowState.CANCELED, clock.now())
