"""The token scheduler: who gets the next token, and when, as a pure function of past requests, the queue, and the time.

Total Expert allows so few token requests that most of the time many connections wait for the next one. They are served in
this order:

1. access that expires within `EXPIRING_WITHIN`: letting it expire would cost a person another authorization;
2. connections that an operator moved to the front;
3. people who are waiting;
4. new leads and survey answers from the partner's backend (nothing uses this rank yet);
5. privacy requests, nearest deadline first (nothing uses this rank yet);
6. background work, oldest data first.

So that no connection waits forever, every `FAIRNESS_INTERVAL`-th token goes to the connection that has waited longest,
unless one of the first two ranks is waiting. A connection whose requests keep failing waits longer between requests
(`backoff`). `manage.py simulate` runs this code on a virtual clock.
"""

import datetime as dt
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

HOUR = dt.timedelta(hours=1)
#: Added to each hour to allow for a difference between Total Expert's clock and ours.
MARGIN = dt.timedelta(seconds=1.5)
#: A connection whose refresh token expires within this time goes first.
EXPIRING_WITHIN = dt.timedelta(days=2)
#: The age at which an unused refresh token is renewed.
RENEW_AFTER = dt.timedelta(days=9)
#: One of this many tokens goes to the connection that has waited longest.
FAIRNESS_INTERVAL = 4
#: Only connections that have waited this long get one of those tokens.
FAIRNESS_WAIT = dt.timedelta(hours=1)


class Rank(IntEnum):
    """Why a connection goes before others. The lowest rank goes first."""

    EXPIRING = 0
    PRIORITIZED = 1
    PERSON = 2
    INTAKE = 3
    PRIVACY = 4
    WORK = 5


#: The nouns for each rank: singular, plural.
RANK_NOUNS = {
    Rank.EXPIRING: ("connection about to expire", "connections about to expire"),
    Rank.PRIORITIZED: ("moved to the front", "moved to the front"),
    Rank.PERSON: ("person", "people"),
    Rank.INTAKE: ("with new leads or answers", "with new leads or answers"),
    Rank.PRIVACY: ("privacy request", "privacy requests"),
    Rank.WORK: ("with older data", "with older data"),
}


@dataclass(frozen=True)
class Demand:
    """One connection's entry in the queue: the most urgent of everything it needs a token for."""

    connection_id: str
    rank: Rank
    due_at: dt.datetime
    stale_since: dt.datetime
    requested_at: dt.datetime
    not_before: dt.datetime | None = None  #: the end of its backoff, if any

    @property
    def key(self) -> tuple[int, dt.datetime, dt.datetime, str]:
        """The sort key of the queue."""
        if self.rank == Rank.WORK:
            return self.rank, self.stale_since, self.requested_at, self.connection_id
        if self.rank in (Rank.EXPIRING, Rank.PRIVACY):
            return self.rank, self.due_at, self.requested_at, self.connection_id
        return self.rank, self.requested_at, self.requested_at, self.connection_id


@dataclass(frozen=True)
class Usage:
    """The token requests that count against the limit at the time ``at``.

    ``limit`` is the number allowed per hour (None: no limit). ``expirations`` says when each counted request stops
    counting. ``recent`` holds the ranks of the last requests, latest last, at most `FAIRNESS_INTERVAL` - 1 of them.
    """

    at: dt.datetime
    limit: int | None
    expirations: tuple[dt.datetime, ...] = ()
    recent: tuple[Rank, ...] = ()

    @property
    def available(self) -> int:
        """How many requests may be sent now."""
        return 10**6 if self.limit is None else max(0, self.limit - len(self.expirations))

    def slots(self) -> Iterator[dt.datetime]:
        """Yield the times at which the next requests may be sent, if each is sent as soon as it may."""
        if self.limit is None:
            while True:
                yield self.at
        if not self.limit:
            return
        expirations = sorted(self.expirations)
        # If the limit was lowered, more may count than it allows: the excess must expire first.
        blocking = expirations[max(0, len(expirations) - self.limit) :]
        for _ in range(self.available):
            yield self.at
            heapq.heappush(blocking, self.at + HOUR + MARGIN)
        while True:
            time = max(self.at, heapq.heappop(blocking))
            yield time
            heapq.heappush(blocking, time + HOUR + MARGIN)


@dataclass(frozen=True)
class PlannedRequest:
    """When a connection can send its next token request, and how many of each rank go before it."""

    connection_id: str
    at: dt.datetime
    rank: Rank
    ahead: dict[Rank, int] = field(default_factory=dict)
    is_backing_off: bool = False  #: it could be sooner if its last requests had not failed


def plan(usage: Usage, demands: Iterable[Demand]) -> Iterator[PlannedRequest]:
    """Yield the planned requests of the whole queue in order. Yield nothing if the limit allows no requests at all.

    The plan is lazy: the first items cost little more than reading the queue once.
    """
    waiting = _Heaps(demands)
    recent = list(usage.recent[-(FAIRNESS_INTERVAL - 1) :])
    ahead: dict[Rank, int] = {}
    for slot in usage.slots():
        time = waiting.ready_at(slot)
        if time is None:
            return
        chosen = waiting.first()
        oldest = waiting.oldest()
        if _takes_fairness_slot(oldest, chosen, recent, time):
            chosen = oldest
        waiting.served.add(chosen.connection_id)
        is_backing_off = chosen.not_before is not None and chosen.not_before > usage.at
        yield PlannedRequest(chosen.connection_id, time, chosen.rank, dict(ahead), is_backing_off)
        ahead[chosen.rank] = ahead.get(chosen.rank, 0) + 1
        recent = [*recent, chosen.rank][-(FAIRNESS_INTERVAL - 1) :]


class _Heaps:
    """The waiting demands, ordered by `Demand.key` and by waiting time. A demand joins when its backoff ends."""

    def __init__(self, demands: Iterable[Demand]) -> None:
        self.served: set[str] = set()
        self._backing_off: list[tuple[dt.datetime, str, Demand]] = []
        self._queue: list[tuple[Any, Demand]] = []
        self._oldest: list[tuple[dt.datetime, Any, Demand]] = []
        for demand in demands:
            if demand.not_before is not None:
                self._backing_off.append((demand.not_before, demand.connection_id, demand))
            else:
                self._queue.append((demand.key, demand))
                self._oldest.append((demand.requested_at, demand.key, demand))
        heapq.heapify(self._backing_off)
        heapq.heapify(self._queue)
        heapq.heapify(self._oldest)

    def ready_at(self, time: dt.datetime) -> dt.datetime | None:
        """Return when, from ``time`` on, the next demand can be served. Return None if the queue is empty."""
        while self._backing_off and self._backing_off[0][0] <= time:
            self._join()
        while self._queue and self._queue[0][-1].connection_id in self.served:
            heapq.heappop(self._queue)
        if self._queue:
            return time
        if not self._backing_off:
            return None
        time = self._backing_off[0][0]
        self._join()
        return time

    def _join(self) -> None:
        _, _, demand = heapq.heappop(self._backing_off)
        heapq.heappush(self._queue, (demand.key, demand))
        heapq.heappush(self._oldest, (demand.requested_at, demand.key, demand))

    def first(self) -> Demand:
        return self._queue[0][-1]

    def oldest(self) -> Demand:
        while self._oldest[0][-1].connection_id in self.served:
            heapq.heappop(self._oldest)
        return self._oldest[0][-1]


def _takes_fairness_slot(oldest: Demand, first: Demand, recent: Sequence[Rank], time: dt.datetime) -> bool:
    """Return whether the demand that has waited longest goes before ``first``, because the last ones all passed it over."""
    if (
        first.rank <= Rank.PRIORITIZED
        or oldest.rank <= first.rank
        or time - oldest.requested_at < FAIRNESS_WAIT
    ):
        return False
    return len(recent) == FAIRNESS_INTERVAL - 1 and all(rank < oldest.rank for rank in recent)


def plan_for(connection_id: str, usage: Usage, demands: Iterable[Demand]) -> PlannedRequest | None:
    """Return the planned request of one connection among ``demands``. Return None if the limit allows no requests at all."""
    return next((planned for planned in plan(usage, demands) if planned.connection_id == connection_id), None)


def explain_wait(planned: PlannedRequest, usage: Usage, *, counts: bool = False) -> str:
    """Return why a request can't be sent sooner, as a clause that starts with "because". Return "" if it can be sent now.

    With ``counts``, say how many of which rank go first. That reveals other customers, so only operators may see it.
    """
    if planned.at <= usage.at:
        return ""
    if usage.limit == 0:
        return "because other programs use all token requests of this IP address"
    if planned.is_backing_off:
        return "because its last token requests failed"
    used = len(usage.expirations)
    reasons = [f"{used} of {usage.limit} token requests of this hour are used"] if used else []
    ahead = sum(planned.ahead.values())
    if ahead and not counts:
        reasons.append("others go first")
    elif ahead:
        listed = ", ".join(
            f"{count} {RANK_NOUNS[rank][count != 1]}" for rank, count in sorted(planned.ahead.items())
        )
        reasons.append(f"{ahead} {'goes' if ahead == 1 else 'go'} first: {listed}")
    return "because " + " and ".join(reasons) if reasons else ""
