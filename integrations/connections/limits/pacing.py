"""A paced sliding-window rate limiter: decides when calls from one IP address may be sent, from its state and the time.

The limiter hands out slots that lie `interval` seconds apart. Background work gets its slots up to `LOOKAHEAD` seconds
early and sleeps until each one. A person's call is sent at once, as long as the slots handed out reach no further than
`BURST` seconds into the future. A slot expires `MAX_DELAY` seconds after its time.

A call therefore arrives between `BURST` seconds before its slot and ``MAX_DELAY + MAX_TRANSIT`` seconds after it. The
slots of all calls that arrive within one minute lie within `WINDOW` seconds, and `interval` is chosen so that this is
at most the limit. This holds for any sliding minute and any order of arrival.

Organizations share the slots by start-time fair queueing (Goyal, Vin, Cheng 1996). Each organization is a flow with a
virtual time that grows with the slots it gets, and the waiting flow with the lowest virtual time goes first. An
organization with few calls hardly waits, and idle time earns no credit.
"""

from dataclasses import dataclass, field
from typing import Any, Self

MINUTE = 60.0
#: How early background work gets its slots, and how early a person's call may be sent, in seconds.
LOOKAHEAD, BURST = 0.5, 0.8
#: How late a slot may be used, and the longest time a call may then take to reach the server, in seconds.
MAX_DELAY, MAX_TRANSIT = 0.6, 0.6
#: The slots of calls that arrive within a minute lie no further apart. The last term covers rounding.
WINDOW = MINUTE + BURST + MAX_DELAY + MAX_TRANSIT + 0.05
#: A process gets at most the slots of this many seconds at a time.
BATCH = 0.25
#: A waiting flow that hasn't asked again for this many seconds no longer counts as waiting.
WAIT_TIMEOUT = 1.0
#: How many seconds a flow's virtual time is kept after its last request.
FLOW_TIMEOUT = 10.0
#: After a refusal, no slot is handed out for this many seconds, and the rate is halved. The pause doubles, up to a minute,
#: while calls are refused again soon after it.
REFUSAL_PAUSE = 5.0
#: Refusals within this many seconds halve the rate only once: calls in flight are refused together.
SLOWDOWN_INTERVAL = 15.0
#: How much of the rate comes back each second, and its minimum.
RECOVERY_RATE, MIN_RATE = 0.05 / 60, 1 / 16


@dataclass
class Flow:
    """One organization's calls: its virtual time, when it last asked, and until when it counts as waiting."""

    virtual_time: float = 0.0
    asked_at: float = 0.0
    waits_until: float = 0.0


@dataclass
class PacerState:
    """The state of the limiter for one IP address. Times are seconds of the database's clock."""

    next_slot: float = 0.0
    rate: float = 1.0
    slowed_at: float = 0.0
    #: The length of the last pause after a refusal, and when it ended or will end.
    pause: float = 0.0
    paused_until: float = 0.0
    virtual_time: float = 0.0
    flows: dict[str, Flow] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)  #: slots by the second they lie in

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Self:
        """Return the state that `dump` stored. An empty dictionary gives a fresh state."""
        state = cls(
            next_slot=float(stored.get("next_slot", 0.0)),
            rate=float(stored.get("rate", 1.0)),
            slowed_at=float(stored.get("slowed_at", 0.0)),
            pause=float(stored.get("pause", 0.0)),
            paused_until=float(stored.get("paused_until", 0.0)),
            virtual_time=float(stored.get("virtual_time", 0.0)),
        )
        state.flows = {name: Flow(*map(float, flow)) for name, flow in stored.get("flows", {}).items()}
        state.sent = {int(second): int(count) for second, count in stored.get("sent", {}).items()}
        return state

    def dump(self) -> dict[str, Any]:
        """Return the state as JSON."""
        return {
            "next_slot": self.next_slot,
            "rate": self.rate,
            "slowed_at": self.slowed_at,
            "pause": self.pause,
            "paused_until": self.paused_until,
            "virtual_time": self.virtual_time,
            "flows": {
                name: [flow.virtual_time, flow.asked_at, flow.waits_until]
                for name, flow in self.flows.items()
            },
            "sent": {str(second): count for second, count in self.sent.items()},
        }

    def rate_at(self, now: float) -> float:
        """Return the share of the limit in use: 1 unless Total Expert refused calls recently."""
        return min(1.0, self.rate + max(0.0, now - self.slowed_at - SLOWDOWN_INTERVAL) * RECOVERY_RATE)

    def count_last_minute(self, now: float) -> int:
        """Return how many slots the last minute had."""
        return sum(count for second, count in self.sent.items() if now - MINUTE < second <= now + LOOKAHEAD)


@dataclass(frozen=True)
class Granted:
    """Slots that were handed out, as the times at which to send."""

    slots: tuple[float, ...]


@dataclass(frozen=True)
class Wait:
    """No slot now. Ask again after this many seconds."""

    seconds: float


def interval(limit: int, rate: float = 1.0) -> float:
    """Return the seconds between two slots if the share ``rate`` of ``limit`` calls per minute is used."""
    return WINDOW / (limit * rate)


def acquire(
    state: PacerState, *, limit: int, flow: str, urgent: bool, wanted: int, now: float
) -> Granted | Wait:
    """Hand out up to ``wanted`` slots to the organization ``flow``, or say how long to wait. Update ``state``.

    ``urgent`` is for calls that a person waits for. They get one slot.
    """
    _prune(state, now, limit)
    step = interval(limit, state.rate_at(now))
    first = max(state.next_slot, now)
    if urgent:
        if first > now + BURST:
            return Wait(first - now - BURST)
        return _reserve(state, first, step, [now])
    mine = state.flows.setdefault(flow, Flow())
    mine.asked_at = now
    start = max(mine.virtual_time, state.virtual_time)
    too_early = first - now - LOOKAHEAD
    if too_early > 0 or _another_flow_is_first(state, mine, start, now):
        mine.waits_until = now + WAIT_TIMEOUT
        return Wait(too_early if too_early > 0 else min(step, 0.05))
    count = max(1, min(wanted, int(BATCH / step), int(-too_early / step)))
    state.virtual_time, mine.virtual_time, mine.waits_until = start, start + count, 0.0
    return _reserve(state, first, step, [first + number * step for number in range(count)])


def _another_flow_is_first(state: PacerState, mine: Flow, start: float, now: float) -> bool:
    waiting = (flow for flow in state.flows.values() if flow is not mine and flow.waits_until > now)
    return any(max(flow.virtual_time, state.virtual_time) < start for flow in waiting)


def _reserve(state: PacerState, first: float, step: float, send_at: list[float]) -> Granted:
    state.next_slot = first + len(send_at) * step
    for time in send_at:
        state.sent[int(time)] = state.sent.get(int(time), 0) + 1
    return Granted(tuple(send_at))


def remaining_pause(state: PacerState, *, now: float) -> float:
    """Return how many seconds a pause after a refusal still lasts. Used where the number of calls is not limited."""
    ahead = state.next_slot - now
    # A time further in the future was written before the clock moved back.
    return ahead if 0 < ahead <= MINUTE else 0.0


def _prune(state: PacerState, now: float, limit: int) -> None:
    """Drop what has expired, and correct times that lie too far in the future because the clock moved back."""
    furthest = now + 2 * MINUTE + 2 * interval(limit, MIN_RATE)
    state.next_slot, state.slowed_at = min(state.next_slot, furthest), min(state.slowed_at, now)
    for flow in state.flows.values():
        flow.asked_at, flow.waits_until = (
            min(flow.asked_at, now),
            min(flow.waits_until, now + WAIT_TIMEOUT),
        )
    state.flows = {name: flow for name, flow in state.flows.items() if now - flow.asked_at < FLOW_TIMEOUT}
    state.sent = {second: count for second, count in state.sent.items() if second > now - MINUTE - 2}


def slow_down(state: PacerState, *, now: float, after: float | None) -> None:
    """Pause and then halve the rate, because Total Expert refused a call (429) or was overloaded (503). Update ``state``.

    ``after`` is the wait in seconds that the response asked for. A refusal soon after another one only extends the pause.
    """
    ended_at = min(state.paused_until, now + MINUTE)  # a later time was written before the clock moved back
    wait = min(after or 0.0, MINUTE)
    if now >= ended_at:  # otherwise the call was in flight when the pause began
        again = state.pause and now - ended_at <= MINUTE
        state.pause = min(2 * state.pause, MINUTE) if again else REFUSAL_PAUSE
        wait = max(wait, state.pause)
    state.paused_until = max(ended_at, now + max(wait, REFUSAL_PAUSE))
    state.next_slot = max(state.next_slot, state.paused_until)
    if now - state.slowed_at >= SLOWDOWN_INTERVAL:
        state.rate, state.slowed_at = max(MIN_RATE, state.rate_at(now) / 2), now
