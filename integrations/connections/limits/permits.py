"""Permits: each API call acquires one, so that all processes together stay within the calls-per-minute limit.

`pacing` decides when a call may be sent. This module stores the limiter's state in the budget's row, updates it under
the row's lock and by the database's clock, and waits for the slots. A process that calls often takes several slots at
once, for a quarter of a second.
"""

import json
import threading
import time
from functools import cache
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import F
from django.db.models.expressions import RawSQL

from integrations.connections.limits import budgets, pacing
from integrations.connections.models import Budget, Connection, Purpose
from integrations.total_expert import TryLater
from portal.core import clock

#: The longest wait for an API call and for a token request, in seconds. A token request keeps a lease and a slot meanwhile.
#: A caller that would wait longer is told to retry later, so that its worker can do other work.
MAX_PERMIT_WAIT, MAX_TOKEN_WAIT = 15.0, 10.0
#: Purposes for which a person is waiting at a screen.
INTERACTIVE = frozenset({Purpose.CONSENT, Purpose.PERSON})
#: How many seconds a caller waits before it checks the kill switch again.
RECHECK_WHEN_STOPPED = 60.0


class NoPermit(TryLater):
    """A call may not be sent now."""


class CallsStopped(NoPermit):
    """An operator activated the kill switch."""

    def __init__(self) -> None:
        super().__init__(
            "An operator has stopped all calls to Total Expert. Work continues when an operator resumes calls.",
            after=RECHECK_WHEN_STOPPED,
        )


class Permits:
    """The source of permits for one API client. It is thread-safe.

    ``max_wait`` is how many seconds `acquire` may wait. The default is `MAX_PERMIT_WAIT`.
    """

    def __init__(self, connection: Connection, purpose: Purpose, *, max_wait: float | None = None) -> None:
        self.budget = budgets.for_connection(connection)
        self._flow = str(connection.installation.organization_id)
        self._urgent = purpose in INTERACTIVE
        self._max_wait = MAX_PERMIT_WAIT if max_wait is None else max_wait
        self._slots: list[float] = []
        self._lock = threading.Lock()
        self._last_acquired_at = 0.0
        self._average_pause = 1.0

    def acquire(self, method: str, path: str) -> None:
        """Return when the call may be sent. Raise NoPermit if that takes too long or all calls are stopped."""
        began = time.monotonic()
        while True:
            slot = self._next_slot(began)
            early = slot - time.monotonic()
            if early > 0:
                time.sleep(early)
            # If the process was held up for longer than this, the slot has expired.
            if time.monotonic() - slot <= pacing.MAX_DELAY:
                return

    def _next_slot(self, began: float) -> float:
        """Return the next slot, as a time of this process's monotonic clock."""
        with self._lock:
            now = time.monotonic()
            self._average_pause += (min(now - self._last_acquired_at, 1.0) - self._average_pause) / 4
            self._last_acquired_at = now
            while self._slots:
                slot = self._slots.pop(0)
                if time.monotonic() - slot <= pacing.MAX_DELAY / 2:
                    return slot
            while True:
                answer = self._request_slots(max(1, int(pacing.BATCH / max(self._average_pause, 0.001))))
                if isinstance(answer, pacing.Granted):
                    self._slots = list(answer.slots)
                    return self._slots.pop(0)
                if time.monotonic() - began + answer.seconds > self._max_wait:
                    raise NoPermit("The calls of this minute are used up.", after=answer.seconds)
                time.sleep(answer.seconds)

    def _request_slots(self, wanted: int) -> pacing.Granted | pacing.Wait:
        with transaction.atomic(durable=True), database.cursor() as cursor:
            cursor.execute(*_lock_and_read(self.budget))
            stored, allowed, others, stopped, now = cursor.fetchone()
            # Read the local clock second: the error makes slots late, which is allowed for, and never early.
            here = time.monotonic()
            if stopped:
                raise CallsStopped
            state = pacing.PacerState.load(json.loads(stored))
            if allowed is None:
                pause = pacing.remaining_pause(state, now=now)
                return pacing.Wait(pause) if pause else pacing.Granted((here,))
            if allowed <= others:
                raise NoPermit("Other programs use all calls of this IP address.", after=RECHECK_WHEN_STOPPED)
            answer = pacing.acquire(
                state,
                limit=allowed - others,
                flow=self._flow,
                urgent=self._urgent,
                wanted=wanted,
                now=now,
            )
            cursor.execute(_SAVE, [json.dumps(state.dump()), self.budget.pk])
        if isinstance(answer, pacing.Wait):
            return answer
        return pacing.Granted(tuple(here + slot - now for slot in answer.slots))

    def record_status(self, status: int | None, *, after: float | None = None) -> None:
        """Slow down all calls of this IP address if Total Expert refused a call (429) or was overloaded (503)."""
        if status in (429, 503):
            slow_down(self.budget, status=status, after=after)


def _lock_and_read(budget: Budget) -> tuple[str, list[Any]]:
    """Return one statement, with parameters, that locks a budget's row and reads it with its limits and the time.

    It runs before every call, so it is compiled once. On PostgreSQL the locked row replaces the table in the outer query,
    which reads the time only when it gets that row, so after the lock is held.
    """
    sql, parameters = _compiled(database.vendor)
    if database.vendor == "postgresql":
        locked = "SELECT * FROM connections_budget WHERE id = %s FOR UPDATE"
        return f"WITH connections_budget AS MATERIALIZED ({locked}) {sql}", [budget.pk, *parameters]
    return f"{sql} WHERE id = %s", [*parameters, budget.pk]


@cache
def _compiled(vendor: str) -> tuple[str, tuple[Any, ...]]:
    rows = budgets.with_limits(Budget.objects.all()).annotate(now=RawSQL(clock.EPOCH[vendor], []))  # noqa: S611
    fields = rows.values_list("pacer", "calls_allowed", "others_calls", "is_stopped", "now")
    sql, parameters = fields.query.sql_with_params()
    return str(sql), tuple(parameters)


_SAVE = "UPDATE connections_budget SET pacer = %s WHERE id = %s"


def slow_down(budget: Budget, *, status: int, after: float | None) -> None:
    """Halve the rate of a budget for a while, and count a 429: the portal's own calls can't have caused it.

    ``after`` is the wait in seconds that the response asked for.
    """
    with transaction.atomic(durable=True):
        row, _ = budgets.lock(budget)
        now = clock.now()
        state = pacing.PacerState.load(row.pacer)
        pacing.slow_down(state, now=now.timestamp(), after=after)
        fields: dict[str, object] = {"pacer": state.dump()}
        # Calls in flight are refused together, for one reason, so they count once.
        counted_at = row.unexplained_at.timestamp() if row.unexplained_at else 0.0
        if status == 429 and abs(now.timestamp() - counted_at) >= pacing.SLOWDOWN_INTERVAL:
            fields |= {"unexplained_refusals": row.unexplained_refusals + 1, "unexplained_at": now}
        Budget.objects.filter(pk=row.pk).update(**fields)


def count_unexplained_refusal(budget: Budget) -> None:
    """Count a token request that Total Expert refused with 429 although the ledger had room for it."""
    Budget.objects.filter(pk=budget.pk).update(
        unexplained_refusals=F("unexplained_refusals") + 1, unexplained_at=clock.now()
    )


def calls_last_minute(budget: Budget) -> int:
    """Return how many calls the last minute had."""
    return pacing.PacerState.load(budget.pacer).count_last_minute(clock.now().timestamp())


def current_rate(budget: Budget) -> float:
    """Return the share of the limit in use: 1 unless Total Expert refused calls recently."""
    return pacing.PacerState.load(budget.pacer).rate_at(clock.now().timestamp())
