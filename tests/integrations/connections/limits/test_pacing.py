"""Pacing: no sliding minute sees more calls than allowed, people wait for nobody's bulk work, organizations take turns."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connections.limits import pacing
from integrations.connections.limits.pacing import Granted, PacerState, Wait, acquire

START = 1_000_000.0


def asks(
    line: PacerState, now: float, *, who: str = "a", urgent: bool = False, limit: int = 600, wanted: int = 1
):
    return acquire(line, limit=limit, flow=who, urgent=urgent, wanted=wanted, now=now)


def most_in_a_minute(arrivals: list[float]) -> int:
    arrivals = sorted(arrivals)
    return max((sum(one <= at < one + 60 for at in arrivals) for one in arrivals), default=0)


EVENTS = st.lists(
    st.tuples(
        st.floats(0, 3),  # seconds since the event before
        st.sampled_from("abc"),
        st.booleans(),  # a person?
        st.integers(1, 9),  # places wanted
        st.floats(0, 1),  # how much of the allowed lateness it uses up
        st.sampled_from([0, 0, 0, 0, 0, 0, 0, 0, 0, 429]),
    ),
    max_size=150,
)


@settings(max_examples=150)
@given(events=EVENTS, limit=st.sampled_from([1, 2, 3, 7, 20, 60, 1000]))
def test_no_minute_sees_more_than_the_limit_whoever_asks_however_late(events: list, limit: int) -> None:
    line, now, arrivals = PacerState(), START, []
    for gap, who, urgent, wanted, late, status in events:
        now += gap
        if status:
            pacing.slow_down(line, now=now, after=None)
        line = PacerState.load(line.dump())
        answer = asks(line, now, who=who, urgent=urgent, limit=limit, wanted=wanted)
        if isinstance(answer, Granted):
            assert all(place >= now for place in answer.slots)
            arrivals += [place + late * (pacing.MAX_DELAY + pacing.MAX_TRANSIT) for place in answer.slots]
        else:
            assert answer.seconds > 0
    assert most_in_a_minute(arrivals) <= limit


def drain(line: PacerState, seconds: float, wanting: dict[str, float], limit: int = 600) -> dict[str, int]:
    """Organizations that want so many calls a second each, asking again when told: how many each got."""
    got, due, now = dict.fromkeys(wanting, 0), dict.fromkeys(wanting, START), START
    while now < START + seconds:
        for who in wanting:
            if due[who] <= now:
                answer = asks(line, now, who=who, limit=limit)
                got[who] += isinstance(answer, Granted)
                due[who] = now + (answer.seconds if isinstance(answer, Wait) else 1 / wanting[who])
        now += 0.005
    return got


def test_nearly_all_of_the_limit_is_used() -> None:
    got = drain(PacerState(), 180, {"a": 30.0}, limit=1000)
    assert sum(got.values()) >= 0.96 * 3000


def test_organizations_that_want_much_share_alike_and_one_that_wants_little_gets_it() -> None:
    got = drain(PacerState(), 60, {"a": 50.0, "b": 50.0, "c": 1.0})
    assert got["c"] >= 50
    assert abs(got["a"] - got["b"]) <= 3
    assert sum(got.values()) >= 570


def test_who_wanted_nothing_for_long_has_no_claims_now() -> None:
    line = PacerState()
    drain(line, 30, {"a": 50.0, "b": 0.5})
    shift = {who: pacing.Flow(turn.virtual_time, turn.asked_at - 30, 0.0) for who, turn in line.flows.items()}
    line.flows, line.next_slot = shift, START
    got = drain(line, 30, {"a": 50.0, "b": 50.0})
    assert abs(got["a"] - got["b"]) <= 3


def test_a_person_is_sent_at_once_while_work_queues() -> None:
    line = PacerState()
    while isinstance(asks(line, START, wanted=5), Granted):
        pass
    assert asks(line, START, urgent=True) == Granted((START,))


def test_a_place_is_given_to_work_before_its_time_and_never_further_ahead() -> None:
    line, places = PacerState(), []
    while isinstance(answer := asks(line, START, wanted=5), Granted):
        places += answer.slots
    assert places == sorted(places) and places[-1] <= START + pacing.LOOKAHEAD + pacing.interval(600)
    assert isinstance(answer, Wait) and answer.seconds <= pacing.LOOKAHEAD


def test_an_organization_that_died_while_waiting_holds_nobody_up() -> None:
    line = PacerState()
    line.flows["gone"] = pacing.Flow(
        virtual_time=-100, asked_at=START, waits_until=START + pacing.WAIT_TIMEOUT
    )
    line.flows["a"] = pacing.Flow(virtual_time=5, asked_at=START)
    assert isinstance(asks(line, START), Wait)
    assert isinstance(asks(line, START + pacing.WAIT_TIMEOUT), Granted)


def test_a_refusal_halves_what_is_used_once_and_it_creeps_back() -> None:
    line = PacerState()
    pacing.slow_down(line, now=START, after=None)
    pacing.slow_down(line, now=START + 1, after=None)
    assert line.rate_at(START + 1) == 0.5, "calls under way are refused together"
    assert line.next_slot >= START + pacing.REFUSAL_PAUSE
    assert 0.5 < line.rate_at(START + 120) < line.rate_at(START + 300) < 1
    assert line.rate_at(START + 3600) == 1
    for number in range(10):
        pacing.slow_down(line, now=START + 20 * number, after=None)
    assert line.rate >= pacing.MIN_RATE


def test_a_server_that_says_how_long_is_given_that_long() -> None:
    line = PacerState()
    pacing.slow_down(line, now=START, after=30)
    assert isinstance(asks(line, START + 20), Wait)


@pytest.mark.parametrize("after", [None, 0.0, 1.0, -5.0])
def test_pauses_double_while_calls_are_refused_again(after: float | None) -> None:
    line, now, pauses = PacerState(), START, []
    for _ in range(7):
        pacing.slow_down(line, now=now, after=after)
        pacing.slow_down(line, now=now + 0.5, after=after)  # a call that was in flight
        line = PacerState.load(line.dump())
        pauses.append(round(line.next_slot - now))
        now = line.next_slot
    assert pauses == [6, 10, 20, 40, 60, 60, 60]
    pacing.slow_down(line, now=now + 1 + pacing.MINUTE, after=after)
    assert line.next_slot - now - 1 - pacing.MINUTE == pytest.approx(pacing.REFUSAL_PAUSE)


@pytest.mark.parametrize("after", [100.0, 86_400.0, 1e12])
def test_an_absurd_wait_lasts_a_minute(after: float) -> None:
    line = PacerState()
    pacing.slow_down(line, now=START, after=after)
    assert line.next_slot == START + pacing.MINUTE


def test_what_was_used_counts_the_last_minute() -> None:
    line = PacerState()
    for number in range(10):
        asks(line, START + number, urgent=True)
    assert line.count_last_minute(START + 10) == 10
    assert line.count_last_minute(START + 65) < 10


def test_a_clock_that_is_put_back_stops_nobody_for_long() -> None:
    line = PacerState()
    asks(line, START, who="gone")
    pacing.slow_down(line, now=START, after=None)
    line.flows["gone"].waits_until = START + 1
    yesterday = START - 86_400
    answer = asks(line, yesterday)
    assert isinstance(answer, Wait) and answer.seconds < 300
    later = yesterday + 300
    line.flows = {"gone": pacing.Flow(-5, START, START), "a": pacing.Flow(5, later)}
    assert isinstance(asks(line, later), Wait), "it may still be there"
    assert isinstance(asks(line, later + pacing.WAIT_TIMEOUT), Granted)
    assert line.rate_at(later + 3600) == 1
