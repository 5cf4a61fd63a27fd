"""Sending the rows of plans: one job for each connection, exactly one outcome for each row.

A row is marked as being sent in a committed transaction before its request leaves. If the process dies, or the response is
lost, the next slice reads the contact and compares: it never guesses.
"""

import datetime as dt
import time
from typing import Any

from django.db import transaction
from django.db.models import F

from integrations import total_expert
from integrations.bulk import creations, refused_creates, requests
from integrations.bulk.groups.checks import Checks
from integrations.bulk.models import (
    OPEN_ROWS,
    SENDING_STATES,
    Plan,
    PlanRow,
    PlanState,
    RowAction,
    RowState,
)
from integrations.connections import lifecycle
from integrations.connections.client import client_for
from integrations.connections.models import Connection
from integrations.directory.models import Contact, ContactGroup
from integrations.directory.sync import jobs as sync_jobs
from integrations.directory.sync import recency
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
#: How often a row is sent whose responses get lost.
MAX_ATTEMPTS = 3
#: Seconds after which the job's lease is renewed while a batch is on its way.
RENEW_EVERY = 20.0

GONE = "It no longer exists, or this connection no longer sees it."
CHANGED = "The contact was changed at Total Expert after this plan was made."
CHANGED_HERE = "Another bulk edit changed the contact after this plan was made."
UNKNOWN = "Total Expert didn't confirm the change, and its result can't be read. It may have been made."
CLEARED = "The values of this edit are no longer kept."
SILENT = f"Total Expert didn't confirm the change after {MAX_ATTEMPTS} attempts."


class Sender:
    """Sends the rows of one connection in a slice of its job."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._connection = Connection.objects.select_related(
            "installation__environment", "installation__organization", "egress", "user"
        ).get(jobs=run.job.pk)
        self._settled = run.job.done
        self._left = self._rows().filter(state__in=OPEN_ROWS, plan__state__in=SENDING_STATES).count()

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
                assert plan.applied_at is not None
                recency.require(
                    self._connection, plan.applied_at, since=self._run.job.started_at or plan.applied_at
                )
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

    def _rows(self) -> Any:
        return PlanRow.objects.filter(connection=self._connection)

    def _unsure_rows(self) -> list[PlanRow]:
        """Return rows that were being sent when a slice ended."""
        rows = self._rows().filter(state=RowState.SENDING).select_related("plan")
        return list(rows.order_by("plan", "number")[:BATCH])

    def _next_plan(self) -> Plan | None:
        """Return the oldest plan that this connection has rows to send for."""
        planned = self._rows().filter(state=RowState.PLANNED, plan__state__in=SENDING_STATES)
        eligible = planned.filter(plan__pilot_until=None) | planned.filter(number__lte=F("plan__pilot_until"))
        row = (
            eligible.select_related("plan__installation")
            .order_by("plan__applied_at", "plan", "number")
            .first()
        )
        return None if row is None else row.plan

    def _take(self, plan: Plan) -> list[PlanRow]:
        """Mark the next rows as being sent. Set aside those that changed since the plan. Return the marked ones."""
        at = clock.now()
        with transaction.atomic():
            current = Plan.objects.select_for_update().filter(pk=plan.pk, state__in=SENDING_STATES).first()
            if current is None:
                return []
            planned = self._rows().filter(plan=current, state=RowState.PLANNED)
            if current.pilot_until is not None:
                planned = planned.filter(number__lte=current.pilot_until)
            rows = list(planned.select_related("contact").order_by("number")[:BATCH])
            if current.resource == Plan.Resource.GROUPS:
                checks = Checks(current, rows)
                for row in rows:
                    checks.mark(row, at)
            else:
                changed, appeared = _changed_by_others(current, rows), creations.appeared(current, rows)
                for row in rows:
                    _mark(row, at, changed)
                    if id := appeared.get(row.pk):
                        row.settle(RowState.SET_ASIDE, at, f"Contact {id} appeared after this plan was made.")
            PlanRow.objects.bulk_update(rows, ["state", "reason", "finished_at"])
            self._count(rows)
        marked = [row for row in rows if row.state == RowState.SENDING]
        if self._run.is_stopped:  # paused or canceled: nothing leaves any more
            PlanRow.objects.filter(pk__in=[row.pk for row in marked]).update(state=RowState.PLANNED)
            return []
        return marked

    def _send(self, client: total_expert.Client, plan: Plan, rows: list[PlanRow]) -> None:
        problem: TotalExpertError | None = None
        renew_at = time.monotonic() + RENEW_EVERY
        sent, rejected = set(), list[Rejected]()
        for row, answer in requests.send(client, plan, rows, as_user=not self._connection.sees_everything):
            sent.add(row.pk)
            _settle(row, answer)
            if time.monotonic() > renew_at:
                self._run.keep_lease()
                renew_at = time.monotonic() + RENEW_EVERY
            if isinstance(answer.error, (TryLater, ReconnectRequired)) and problem is None:
                problem = answer.error
            if row.action == RowAction.CREATE and isinstance(answer.error, Rejected):
                rejected.append(answer.error)
        for row in rows:
            if row.pk not in sent:
                row.state = RowState.PLANNED
        self._save(rows)
        if plan.resource == Plan.Resource.CONTACTS:
            refused_creates.suggest_groups(plan.installation, rejected)
        if problem is not None:
            finish_plan(plan)
            raise problem

    def _read_back(self, client: total_expert.Client, rows: list[PlanRow]) -> None:
        """Find out what became of requests without a response, by reading their contacts."""
        for row in rows:
            try:
                found = requests.find_result(client, row.plan, row)
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
                _settle_unsure(row, found)
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
            fields = ["state", "reason", "attempts", "finished_at", "remote_id", "result_id"]
            PlanRow.objects.bulk_update(rows, fields)
            self._count(rows)

    def _count(self, rows: list[PlanRow]) -> None:
        """Save the job's progress, in the transaction that stores ``rows``."""
        settled = sum(row.state not in OPEN_ROWS for row in rows)
        self._settled, self._left = self._settled + settled, max(0, self._left - settled)
        failed = self._run.job.failed + sum(row.state == RowState.FAILED for row in rows)
        self._run.checkpoint(done=self._settled, total=self._settled + self._left, failed=failed)


def finish_plan(plan: Plan) -> None:
    """End the pilot or the plan if none of its rows is left. Then the synced copy is updated from Total Expert."""
    if _end(plan):
        senders = plan.rows.filter(state=RowState.DONE).order_by().values("connection").distinct()
        for connection in Connection.objects.working().filter(pk__in=senders).select_related("installation"):
            sync_jobs.start(connection=connection)


def _end(plan: Plan) -> bool:
    """Move a plan without rows to send on. Return whether it moved. Code that adds rows to send locks the plan as well."""
    ends = {PlanState.PILOT: PlanState.PILOT_DONE, PlanState.APPLYING: PlanState.APPLIED}
    with transaction.atomic():
        current = Plan.objects.select_for_update().get(pk=plan.pk)
        left = current.rows.filter(state__in=OPEN_ROWS)
        if current.state == PlanState.PILOT:
            left = left.filter(number__lte=current.pilot_until or 0)
        after = ends.get(PlanState(current.state))
        if after is None or left.exists():
            return False
        Plan.objects.filter(pk=plan.pk).update(state=after, finished_at=clock.now())
    return True


def _changed_by_others(plan: Plan, rows: list[PlanRow]) -> set[int]:
    """Return the contacts that another plan changed since this one was made: the synced copy may not show it yet."""
    seen = {row.contact_id: row.resolved_at or plan.created_at for row in rows if row.contact_id is not None}
    others = PlanRow.objects.filter(contact__in=seen, state__in=[RowState.SENDING, RowState.DONE])
    found = others.exclude(plan=plan).values_list("contact_id", "finished_at")
    return {contact for contact, at in found if contact is not None and (at is None or at > seen[contact])}


def _mark(row: PlanRow, at: dt.datetime, changed: set[int]) -> None:
    if not row.after and row.action != RowAction.DELETE:
        row.settle(RowState.FAILED, at, CLEARED)
    elif row.contact_digest and (row.contact is None or row.contact.gone_at is not None):
        row.settle(RowState.FAILED, at, GONE)
    elif row.contact is not None and row.contact.digest != row.contact_digest:
        row.settle(RowState.SET_ASIDE, at, CHANGED)
    elif row.contact_id in changed:
        row.settle(RowState.SET_ASIDE, at, CHANGED_HERE)
    else:
        row.state = RowState.SENDING


def _settle(row: PlanRow, answer: requests.Answer) -> None:
    """Set the outcome of a row whose request has ended."""
    at, error = clock.now(), answer.error
    if error is None:
        _settle_done(row, answer, at)
    elif isinstance(error, AnswerLost):
        row.attempts += 1  # stays as being sent, until its contact is read
    elif isinstance(error, (NotSent, TryLater, ReconnectRequired)):
        row.state = RowState.PLANNED
    elif error.code == "not_found":
        is_deletion = row.action == RowAction.DELETE
        row.settle(RowState.UNCHANGED if is_deletion else RowState.FAILED, at, GONE)
    else:
        row.settle(RowState.FAILED, at, str(error))


def _settle_done(row: PlanRow, answer: requests.Answer, at: dt.datetime) -> None:
    reason = ""
    if row.action == RowAction.TRANSFER and answer.created not in (None, row.remote_id):
        row.settle(RowState.FAILED, at, f"Total Expert changed contact {answer.created} instead of this one.")
        return
    if row.action == RowAction.CREATE:
        row.result_id = answer.created
        if answer.is_duplicate:
            noun = "group" if row.plan.resource == Plan.Resource.GROUPS else "contact"
            reason = f"Total Expert updated {noun} {answer.created} instead of creating one."
        elif not row.plan.rows.filter(remote_id=answer.created).exists():
            row.remote_id = answer.created
    row.settle(RowState.DONE, at, reason)


def _settle_unsure(row: PlanRow, found: requests.Answer | None) -> None:
    """Settle a row without a response. If its change isn't there, send it again, unless it was tried often."""
    if found is not None:
        known = ContactGroup if row.plan.resource == Plan.Resource.GROUPS else Contact
        same = known._default_manager.filter(
            installation=row.plan.installation_id, remote_id=found.created or 0
        )
        existed = found.is_duplicate or (found.created is not None and same.exists())
        _settle_done(row, requests.Answer(None, found.created, existed), clock.now())
    elif row.attempts >= MAX_ATTEMPTS:
        row.settle(RowState.FAILED, clock.now(), SILENT)
    elif row.plan.is_sending:
        row.state = RowState.PLANNED
    else:
        row.settle(RowState.CANCELED, clock.now())
