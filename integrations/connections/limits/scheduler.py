"""Turns: who gets the next token, and when, as a pure function of the ledger, the queue of demands and the time.

The vendor allows so few token requests that most of the time many connections wait for the next. The order:

1. refresh tokens that die within `EXPIRING_WITHIN`: lost ones cost a person's consent;
2. whom an operator moved forward;
3. a person who waits;
4. fresh leads and answers from the partner's backend;
5. privacy deadlines, the nearest first;
6. the stalest work.

So that nobody starves, every `FAIRNESS_INTERVAL`-th grant goes to the one that has waited longest, unless one of the
first two ranks is waiting. Connections whose requests keep failing wait longer between requests (`backoff`). `simulate`
runs this code on a virtual clock.
"""

import datetime as dt
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

HOUR = dt.timedelta(hours=1)
#: A clock that ticks between their window and ours.
MARGIN = dt.timedelta(seconds=1.5)
#: A refresh token that dies within this time goes first.
EXPIRING_WITHIN = dt.timedelta(days=2)
#: A refresh token that is not used is renewed at this age.
RENEW_AFTER = dt.timedelta(days=9)
#: Of so many grants one goes to whoever has waited longest.
FAIRNESS_INTERVAL = 4
#: The others' grants pass over a demand only once it has waited so long.
FAIRNESS_WAIT = dt.timedelta(hours=1)


class Rank(IntEnum):
    """Why somebody goes before others; a smaller one goes first."""

    EXPIRING = 0
    PRIORITIZED = 1
    PERSON = 2
    INTAKE = 3
    PRIVACY = 4
    WORK = 5


#: What each rank is called in a sentence: one, many.
RANK_NOUNS = {
    Rank.EXPIRING: ("grant that is about to die", "grants that are about to die"),
    Rank.PRIORITIZED: ("that an operator moved forward", "that an operator moved forward"),
    Rank.PERSON: ("person", "people"),
    Rank.INTAKE: ("with fresh leads or answers", "with fresh leads or answers"),
    Rank.PRIVACY: ("with a privacy deadline", "with privacy deadlines"),
    Rank.WORK: ("staler mirror", "staler mirrors"),
}


@dataclass(frozen=True)
class Demand:
    """One connection's place in the queue: the most urgent of all that is wanted of it."""

    who: str
    rank: Rank
    due_at: dt.datetime
    stale_since: dt.datetime
    requested_at: dt.datetime
    rests_until: dt.datetime | None = None  #: no sooner than that, whoever else waits

    @property
    def key(self) -> tuple[int, dt.datetime, dt.datetime, str]:
        """What it is sorted by."""
        if self.rank == Rank.WORK:
            return self.rank, self.stale_since, self.requested_at, self.who
        if self.rank in (Rank.EXPIRING, Rank.PRIVACY):
            return self.rank, self.due_at, self.requested_at, self.who
        return self.rank, self.requested_at, self.requested_at, self.who


@dataclass(frozen=True)
class Usage:
    """The hour as it is: the limit (None: none), when each counted request stops counting, and the latest grants' ranks.

    ``recent`` holds the ranks of the grants before, the latest last, as far back as `FAIRNESS_INTERVAL` needs.
    """

    at: dt.datetime
    limit: int | None
    frees: tuple[dt.datetime, ...] = ()
    recent: tuple[Rank, ...] = ()

    @property
    def free(self) -> int:
        """Requests that may be sent now."""
        return 10**6 if self.limit is None else max(0, self.limit - len(self.frees))

    def times(self) -> Iterator[dt.datetime]:
        """When the next requests may be sent, one after the other, if each is sent as soon as it may."""
        if self.limit is None:
            while True:
                yield self.at
        if not self.limit:
            return
        frees = sorted(self.frees)
        # more than the limit can count, when the limit was lowered: those must all come free first
        waiting = frees[max(0, len(frees) - self.limit) :]
        for _ in range(self.free):
            yield self.at
            heapq.heappush(waiting, self.at + HOUR + MARGIN)
        while True:
            moment = max(self.at, heapq.heappop(waiting))
            yield moment
            heapq.heappush(waiting, moment + HOUR + MARGIN)


@dataclass(frozen=True)
class PlannedRequest:
    """When somebody's turn is, and who comes before them: a count for each rank."""

    who: str
    at: dt.datetime
    rank: Rank
    before: dict[Rank, int] = field(default_factory=dict)
    rests: bool = False  #: it could be sooner if its last requests had not failed


def plan(hour: Usage, demands: Iterable[Demand]) -> Iterator[PlannedRequest]:
    """The turns of all that wait, the next one first. Ends early when nothing is allowed at all."""
    waiting = _Heaps(demands)
    recent = list(hour.recent[-(FAIRNESS_INTERVAL - 1) :])
    before: dict[Rank, int] = {}
    for slot in hour.times():
        moment = waiting.ready_at(slot)
        if moment is None:
            return
        chosen = waiting.first()
        oldest = waiting.oldest()
        if _takes_fairness_slot(oldest, chosen, recent, moment):
            chosen = oldest
        waiting.served.add(chosen.who)
        rests = chosen.rests_until is not None and chosen.rests_until > hour.at
        yield PlannedRequest(chosen.who, moment, chosen.rank, dict(before), rests)
        before[chosen.rank] = before.get(chosen.rank, 0) + 1
        recent = [*recent, chosen.rank][-(FAIRNESS_INTERVAL - 1) :]


class _Heaps:
    """Those who wait, in both orders: by `Demand.key`, and by how long. Who rests joins when the rest is over."""

    def __init__(self, demands: Iterable[Demand]) -> None:
        self.served: set[str] = set()
        self._resting: list[tuple[dt.datetime, str, Demand]] = []
        self._queue: list[tuple[Any, Demand]] = []
        self._oldest: list[tuple[dt.datetime, Any, Demand]] = []
        for demand in demands:
            if demand.rests_until is not None:
                self._resting.append((demand.rests_until, demand.who, demand))
            else:
                self._queue.append((demand.key, demand))
                self._oldest.append((demand.requested_at, demand.key, demand))
        heapq.heapify(self._resting)
        heapq.heapify(self._queue)
        heapq.heapify(self._oldest)

    def ready_at(self, moment: dt.datetime) -> dt.datetime | None:
        """When, from ``moment`` on, the next can be served; None when nobody waits any more."""
        while self._resting and self._resting[0][0] <= moment:
            self._join()
        while self._queue and self._queue[0][-1].who in self.served:
            heapq.heappop(self._queue)
        if self._queue:
            return moment
        if not self._resting:
            return None
        moment = self._resting[0][0]
        self._join()
        return moment

    def _join(self) -> None:
        _, _, demand = heapq.heappop(self._resting)
        heapq.heappush(self._queue, (demand.key, demand))
        heapq.heappush(self._oldest, (demand.requested_at, demand.key, demand))

    def first(self) -> Demand:
        return self._queue[0][-1]

    def oldest(self) -> Demand:
        while self._oldest[0][-1].who in self.served:
            heapq.heappop(self._oldest)
        return self._oldest[0][-1]


def _takes_fairness_slot(oldest: Demand, first: Demand, recent: Sequence[Rank], moment: dt.datetime) -> bool:
    """Whether this grant goes to who has waited longest: the ones before all passed them over."""
    if (
        first.rank <= Rank.PRIORITIZED
        or oldest.rank <= first.rank
        or moment - oldest.requested_at < FAIRNESS_WAIT
    ):
        return False
    return len(recent) == FAIRNESS_INTERVAL - 1 and all(rank < oldest.rank for rank in recent)


def plan_for(who: str, hour: Usage, demands: Iterable[Demand]) -> PlannedRequest | None:
    """The turn of one that is among ``demands``. None when nothing is allowed at all."""
    return next((turn for turn in plan(hour, demands) if turn.who == who), None)


def explain_wait(turn: PlannedRequest, hour: Usage, *, counts: bool = False) -> str:
    """Why it is not sooner, in half a sentence; "" when it is now.

    With ``counts`` it says how many of whom go first: that is about other customers, so it is for operators.
    """
    if turn.at <= hour.at:
        return ""
    if hour.limit == 0:
        return "because other programs at this address are said to use all its token requests"
    if turn.rests:
        return "because its last token requests failed, one after the other"
    used = len(hour.frees)
    reasons = [f"{used} of {hour.limit} token requests of this hour are used"] if used else []
    ahead = sum(turn.before.values())
    if ahead and not counts:
        reasons.append("others go first")
    elif ahead:
        listed = ", ".join(
            f"{count} {RANK_NOUNS[rank][count != 1]}" for rank, count in sorted(turn.before.items())
        )
        reasons.append(f"{ahead} {'goes' if ahead == 1 else 'go'} first: {listed}")
    return "because " + " and ".join(reasons) if reasons else ""
