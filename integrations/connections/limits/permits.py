"""Permits: asked before every call, so that no sliding minute sees more calls than allowed, for all processes together.

`pacing` decides; here its line is kept in the budget's row, changed under the row's lock by the database's clock, and
the places it gives are waited for. A process that calls often takes a few places at a time, for a quarter second.
"""

import json
import threading
import time

from django.db import connection as database
from django.db import transaction
from django.db.models import F

from integrations.connections.limits import budgets, pacing
from integrations.connections.models import Budget, Connection, Purpose
from integrations.total_expert import TryLater
from portal.core import clock

#: Longest wait inside one call, and inside one token request, whose lease and slot are held meanwhile; beyond it the
#: caller is told to come back, and its worker does something else.
MAX_WAIT, MAX_TOKEN_WAIT = 15.0, 10.0
#: Purposes for which somebody sits in front of a screen.
INTERACTIVE = frozenset({Purpose.CONSENT, Purpose.PERSON})
RECHECK_WHEN_STOPPED = 60.0


_READ = """held.pacer,
    (SELECT MIN(calls_per_minute) FROM connections_environment WHERE host = held.host AND calls_per_minute > 0),
    held.others_calls, EXISTS (SELECT 1 FROM connections_killswitch), {now}"""
#: Hold a budget's row and read it, with what `budgets.limits` says and the time, in one statement: this is asked before
#: every call. The outer query reads the time, and has no row to read it for until the row is held.
_HOLD = {
    "postgresql": f"""WITH held AS MATERIALIZED (SELECT * FROM connections_budget WHERE id = %s FOR UPDATE)
        SELECT {_READ.format(now=clock.EPOCH["postgresql"])} FROM held""",  # noqa: S608 - nothing of it comes from outside
    "sqlite": f"SELECT {_READ.format(now=clock.EPOCH['sqlite'])} FROM connections_budget held WHERE id = %s",  # noqa: S608
}
_KEEP = "UPDATE connections_budget SET pacer = %s WHERE id = %s"


class NoPermit(TryLater):
    """A call may not be sent now."""


class CallsStopped(NoPermit):
    """An operator has stopped everything."""

    def __init__(self) -> None:
        super().__init__(
            "An operator has stopped all calls to Total Expert. Nothing is lost; work goes on when the switch is released.",
            after=RECHECK_WHEN_STOPPED,
        )


class Permits:
    """The permits of one client. Threads may share it."""

    def __init__(self, connection: Connection, purpose: Purpose, *, patience: float | None = None) -> None:
        self.budget = budgets.for_connection(connection)
        self._who = str(connection.installation.organization_id)
        self._urgent = purpose in INTERACTIVE
        self._patience = MAX_WAIT if patience is None else patience
        self._places: list[float] = []
        self._lock = threading.Lock()
        self._last_acquired_at = 0.0
        self._pause = 1.0

    def ask(self, method: str, path: str) -> None:
        """Return when the call may be sent. Raises NoPermit when that takes too long, or everything is stopped."""
        began = time.monotonic()
        while True:
            place = self._place(began)
            early = place - time.monotonic()
            if early > 0:
                time.sleep(early)
            # later than that this process was held up, and the place is void
            if time.monotonic() - place <= pacing.MAX_DELAY:
                return

    def _place(self, began: float) -> float:
        """The next place, as a time of this process's monotonic clock."""
        with self._lock:
            self._pause += (min(time.monotonic() - self._last_acquired_at, 1.0) - self._pause) / 4
            self._last_acquired_at = time.monotonic()
            while self._places:
                place = self._places.pop(0)
                if time.monotonic() - place <= pacing.MAX_DELAY / 2:
                    return place
            while True:
                answer = self._take(max(1, int(pacing.BATCH / max(self._pause, 0.001))))
                if isinstance(answer, pacing.Granted):
                    self._places = list(answer.places)
                    return self._places.pop(0)
                if time.monotonic() - began + answer.seconds > self._patience:
                    raise NoPermit("The calls of this minute are used up.", after=answer.seconds)
                time.sleep(answer.seconds)

    def _take(self, wanted: int) -> pacing.Granted | pacing.Wait:
        with transaction.atomic(durable=True), database.cursor() as cursor:
            cursor.execute(_HOLD[database.vendor], [self.budget.pk])
            stored, allowed, others, stopped, now = cursor.fetchone()
            # read afterwards: what this makes late is allowed for, while early would be one too many
            here = time.monotonic()
            if stopped:
                raise CallsStopped
            line = pacing.PacerState.load(json.loads(stored))
            if allowed is None:
                still = pacing.remaining_pause(line, now=now)
                return pacing.Wait(still) if still else pacing.Granted((here,))
            if allowed <= others:
                raise NoPermit(
                    "Other programs at this address are said to use all its calls.",
                    after=RECHECK_WHEN_STOPPED,
                )
            answer = pacing.acquire(
                line, limit=allowed - others, who=self._who, urgent=self._urgent, wanted=wanted, now=now
            )
            cursor.execute(_KEEP, [json.dumps(line.dump()), self.budget.pk])
        if isinstance(answer, pacing.Wait):
            return answer
        return pacing.Granted(tuple(here + place - now for place in answer.places))

    def note(self, status: int | None, *, after: float | None = None) -> None:
        """Total Expert refused a call as one too many, or was overloaded: everybody at this address slows down."""
        if status in (429, 503):
            slow_down(self.budget, status=status, after=after)


def slow_down(budget: Budget, *, status: int, after: float | None) -> None:
    """Halve what is used of a budget for a while. A 429 was not our own doing, since the line was kept: that is counted."""
    with transaction.atomic(durable=True):
        row, _ = budgets.lock(budget)
        now = clock.now()
        line = pacing.PacerState.load(row.pacer)
        pacing.slow_down(line, now=now.timestamp(), after=after)
        fields: dict[str, object] = {"pacer": line.dump()}
        # calls that are under way are refused together, for one reason
        counted_at = row.unexplained_at.timestamp() if row.unexplained_at else 0.0
        if status == 429 and abs(now.timestamp() - counted_at) >= pacing.SLOWDOWN_INTERVAL:
            fields |= {"unexplained_refusals": row.unexplained_refusals + 1, "unexplained_at": now}
        Budget.objects.filter(pk=row.pk).update(**fields)


def count_unexplained_refusal(budget: Budget) -> None:
    """Total Expert refused a token request as one too many, although the ledger had room for it."""
    Budget.objects.filter(pk=budget.pk).update(
        unexplained_refusals=F("unexplained_refusals") + 1, unexplained_at=clock.now()
    )


def calls_last_minute(budget: Budget) -> int:
    """Calls of the last minute."""
    return pacing.PacerState.load(budget.pacer).used(clock.now().timestamp())


def current_rate(budget: Budget) -> float:
    """The part of the limit that is used: 1 unless Total Expert refused calls lately."""
    return pacing.PacerState.load(budget.pacer).share_at(clock.now().timestamp())
