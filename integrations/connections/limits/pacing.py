"""Pacing: when calls of one source address may be sent, as a pure function of the line so far and the time.

A line gives out one place after the other, `interval` seconds apart. Background work is given places up to `LOOKAHEAD`
seconds before their time and sends at it; people send at once, as long as the line is not given out further than
`BURST` seconds ahead. A place that is not used `MAX_DELAY` seconds after its time is void.

So a call arrives between `BURST` seconds before its place and ``LATE + WAY`` seconds after it. All that arrive within
a minute have places within `WINDOW` seconds, and so many are no more than the limit: exact over any sliding minute,
whatever the order.

Organizations take turns by start-time fair queueing (Goyal, Vin, Cheng 1996): each has a virtual time that grows with
the places it was given, and of those that wait the one that is least far goes first. One that wants little waits for
nobody, and nobody collects claims by having wanted nothing.
"""

from dataclasses import dataclass, field
from typing import Any, Self

MINUTE = 60.0
#: How far ahead of the time places are given to background work, and sent at once to people, in seconds.
LOOKAHEAD, BURST = 0.5, 0.8
#: How late a place may be used, and the longest time from there to the server that is allowed for.
MAX_DELAY, MAX_TRANSIT = 0.6, 0.6
#: Places of calls that arrive within a minute lie no further apart; the rest is for rounding.
WINDOW = MINUTE + BURST + MAX_DELAY + MAX_TRANSIT + 0.05
#: At most so many seconds of places are given to one process at a time.
BATCH = 0.25
#: A waiting organization that has not asked again for so long waits no more.
WAIT_TIMEOUT = 1.0
#: How long who was served lately counts in whose turn it is.
FLOW_TIMEOUT = 10.0
#: After a refusal the line stands still this long, and gives out half as many places from then on, ...
REFUSAL_PAUSE = 5.0
#: ... but one refusal a while halves, since calls that are under way are refused together;
SLOWDOWN_INTERVAL = 15.0
#: the share creeps back by so much a second, and never falls below the least.
RECOVERY_RATE, MIN_RATE = 0.05 / 60, 1 / 16


@dataclass
class Flow:
    """One organization's part of a line: its virtual time, when it last asked, and until when it waits for a place."""

    reached: float = 0.0
    last: float = 0.0
    waits_until: float = 0.0


@dataclass
class PacerState:
    """The places that one source address has given out. Times are seconds of the database's clock."""

    free_at: float = 0.0
    share: float = 1.0
    lowered_at: float = 0.0
    reached: float = 0.0
    turns: dict[str, Flow] = field(default_factory=dict)
    seconds: dict[int, int] = field(default_factory=dict)

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Self:
        """From what `dump` made; an empty one is a fresh line."""
        line = cls(
            free_at=float(stored.get("free_at", 0.0)),
            share=float(stored.get("share", 1.0)),
            lowered_at=float(stored.get("lowered_at", 0.0)),
            reached=float(stored.get("reached", 0.0)),
        )
        line.turns = {who: Flow(*map(float, turn)) for who, turn in stored.get("turns", {}).items()}
        line.seconds = {int(second): int(count) for second, count in stored.get("seconds", {}).items()}
        return line

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "free_at": self.free_at,
            "share": self.share,
            "lowered_at": self.lowered_at,
            "reached": self.reached,
            "turns": {who: [turn.reached, turn.last, turn.waits_until] for who, turn in self.turns.items()},
            "seconds": {str(second): count for second, count in self.seconds.items()},
        }

    def share_at(self, now: float) -> float:
        """The part of the limit that is used: 1 unless Total Expert refused calls lately."""
        return min(1.0, self.share + max(0.0, now - self.lowered_at - SLOWDOWN_INTERVAL) * RECOVERY_RATE)

    def used(self, now: float) -> int:
        """Places of the last minute."""
        return sum(
            count for second, count in self.seconds.items() if now - MINUTE < second <= now + LOOKAHEAD
        )


@dataclass(frozen=True)
class Granted:
    """Places that were given: the times at which to send."""

    places: tuple[float, ...]


@dataclass(frozen=True)
class Wait:
    """Nothing now: ask again after so many seconds."""

    seconds: float


def interval(limit: int, share: float = 1.0) -> float:
    """Seconds between two places, at ``limit`` calls a minute of which ``share`` is used."""
    return WINDOW / (limit * share)


def acquire(
    line: PacerState, *, limit: int, who: str, urgent: bool, wanted: int, now: float
) -> Granted | Wait:
    """Give the organization ``who`` up to ``wanted`` places, or say how long to wait. Changes ``line``.

    ``urgent``: a person waits for it.
    """
    _prune(line, now, limit)
    step = interval(limit, line.share_at(now))
    first = max(line.free_at, now)
    if urgent:
        if first > now + BURST:
            return Wait(first - now - BURST)
        return _reserve(line, first, step, [now])
    turn = line.turns.setdefault(who, Flow())
    turn.last = now
    start = max(turn.reached, line.reached)
    too_far = first - now - LOOKAHEAD
    if too_far > 0 or _another_flow_is_first(line, turn, start, now):
        turn.waits_until = now + WAIT_TIMEOUT
        return Wait(too_far if too_far > 0 else min(step, 0.05))
    count = max(1, min(wanted, int(BATCH / step), int(-too_far / step)))
    line.reached, turn.reached, turn.waits_until = start, start + count, 0.0
    return _reserve(line, first, step, [first + number * step for number in range(count)])


def _another_flow_is_first(line: PacerState, mine: Flow, start: float, now: float) -> bool:
    waiting = (turn for turn in line.turns.values() if turn is not mine and turn.waits_until > now)
    return any(max(turn.reached, line.reached) < start for turn in waiting)


def _reserve(line: PacerState, first: float, step: float, sent_at: list[float]) -> Granted:
    line.free_at = first + len(sent_at) * step
    for moment in sent_at:
        line.seconds[int(moment)] = line.seconds.get(int(moment), 0) + 1
    return Granted(tuple(sent_at))


def remaining_pause(line: PacerState, *, now: float) -> float:
    """How many seconds the line still stands after a refusal, where nothing but that limits calls."""
    ahead = line.free_at - now
    return (
        ahead if 0 < ahead <= MINUTE else 0.0
    )  # more than that was written by a clock that is put back since


def _prune(line: PacerState, now: float, limit: int) -> None:
    """Forget what is over, and what lies further ahead than it can: then the database's clock was put back."""
    furthest = now + 2 * MINUTE + 2 * interval(limit, MIN_RATE)
    line.free_at, line.lowered_at = min(line.free_at, furthest), min(line.lowered_at, now)
    for turn in line.turns.values():
        turn.last, turn.waits_until = min(turn.last, now), min(turn.waits_until, now + WAIT_TIMEOUT)
    line.turns = {who: turn for who, turn in line.turns.items() if now - turn.last < FLOW_TIMEOUT}
    line.seconds = {second: count for second, count in line.seconds.items() if second > now - MINUTE - 2}


def slow_down(line: PacerState, *, now: float, after: float | None) -> None:
    """Total Expert refused a call as one too many (429, 503): stand still, and go on at half. Changes ``line``.

    ``after`` is what it said itself, in seconds. What is refused soon after another only makes it stand still longer.
    """
    line.free_at = max(line.free_at, now + max(REFUSAL_PAUSE, min(after or 0.0, MINUTE)))
    if now - line.lowered_at >= SLOWDOWN_INTERVAL:
        line.share, line.lowered_at = max(MIN_RATE, line.share_at(now) / 2), now
