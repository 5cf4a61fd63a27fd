"""Turns: who gets the next token, and when, whatever waits."""

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connections.limits import scheduler
from integrations.connections.limits.scheduler import HOUR, MARGIN, Demand, Rank, Usage

NOW = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)


def ago(hours: float) -> dt.datetime:
    return NOW - dt.timedelta(hours=hours)


def waits(
    who: str, rank: Rank = Rank.WORK, *, asked: float = 0.1, stale: float = 6, due: float = 0
) -> Demand:
    return Demand(who, rank, ago(-due), ago(stale), ago(asked))


def order(*demands: Demand, hour: Usage | None = None) -> list[str]:
    return [turn.connection_id for turn in scheduler.plan(hour or Usage(NOW, 2), demands)]


def test_the_order_is_dying_forwarded_people_leads_privacy_and_the_stalest_work() -> None:
    demands = [
        waits("fresh", stale=7),
        waits("stale", stale=30),
        waits("privacy", Rank.PRIVACY, due=5),
        waits("sooner", Rank.PRIVACY, due=2),
        waits("leads", Rank.INTAKE),
        waits("second", Rank.PERSON, asked=0.1),
        waits("first", Rank.PERSON, asked=0.2),
        waits("moved", Rank.PRIORITIZED),
        waits("dying", Rank.EXPIRING, due=20),
    ]
    said = ["dying", "moved", "first", "second", "leads", "sooner", "privacy", "stale", "fresh"]
    assert order(*demands, hour=Usage(NOW, None)) == said


def test_whoever_is_passed_over_for_an_hour_gets_every_fourth_grant() -> None:
    people = [waits(f"person {number}", Rank.PERSON) for number in range(9)]
    got = order(*people, waits("work", asked=2), hour=Usage(NOW, 20, recent=(Rank.PERSON,) * 3))
    assert got[0] == "work"
    assert order(*people, waits("work", asked=2), hour=Usage(NOW, 20)).index("work") == 3
    assert order(*people, waits("work", asked=0.5), hour=Usage(NOW, 20)).index("work") == 9


def test_nobody_passes_over_a_grant_that_dies() -> None:
    dying = [waits(f"dying {number}", Rank.EXPIRING, due=number) for number in range(5)]
    hour = Usage(NOW, 20, recent=(Rank.PERSON,) * 3)
    assert order(*dying, waits("work", asked=50), hour=hour)[-1] == "work"


def test_the_third_waits_until_the_first_of_the_hour_stops_counting() -> None:
    frees = (NOW + dt.timedelta(minutes=10), NOW + dt.timedelta(minutes=40))
    planned = list(
        scheduler.plan(Usage(NOW, 2, frees), [waits("a", stale=9), waits("b"), waits("c", stale=3)])
    )
    assert [turn.at for turn in planned] == [*frees, frees[0] + HOUR + MARGIN]


def test_a_limit_that_was_lowered_lets_all_that_counts_come_free_first() -> None:
    frees = tuple(NOW + dt.timedelta(minutes=10 * number) for number in range(1, 6))
    assert next(scheduler.plan(Usage(NOW, 2, frees), [waits("a")])).at == frees[3]


def test_without_a_limit_everybody_is_served_now() -> None:
    assert {turn.at for turn in scheduler.plan(Usage(NOW, None), [waits(who) for who in "abc"])} == {NOW}


def test_when_nothing_is_allowed_nobody_has_a_turn() -> None:
    assert scheduler.plan_for("a", Usage(NOW, 0), [waits("a")]) is None


def test_it_says_why_it_is_not_sooner() -> None:
    hour = Usage(NOW, 2, (NOW + dt.timedelta(minutes=5), NOW + dt.timedelta(minutes=9)))
    demands = [waits("a", Rank.PERSON), waits("b", stale=50), waits("c", stale=40), waits("me")]
    turn = scheduler.plan_for("me", hour, demands)
    assert turn is not None
    assert scheduler.explain_wait(turn, hour) == (
        "because 2 of 2 token requests of this hour are used and others go first"
    ), "how many other customers wait is nobody's business"
    assert scheduler.explain_wait(turn, hour, counts=True) == (
        "because 2 of 2 token requests of this hour are used and 3 go first: 1 person, 2 with older data"
    )
    now = scheduler.plan_for("me", Usage(NOW, 2), [waits("me")])
    assert now is not None and scheduler.explain_wait(now, Usage(NOW, 2)) == ""


DEMANDS = st.lists(
    st.tuples(st.sampled_from(Rank), st.floats(0, 200), st.floats(0, 200), st.floats(-10, 10)), max_size=25
)


@settings(max_examples=150)
@given(rows=DEMANDS, limit=st.integers(1, 5), used=st.lists(st.floats(0.001, 1), max_size=7))
def test_a_plan_serves_everybody_once_and_never_exceeds_an_hour(
    rows: list, limit: int, used: list[float]
) -> None:
    demands = [
        waits(str(number), rank, asked=asked, stale=stale, due=due)
        for number, (rank, asked, stale, due) in enumerate(rows)
    ]
    frees = tuple(sorted(NOW + hours * HOUR for hours in used))
    planned = list(scheduler.plan(Usage(NOW, limit, frees), demands))
    assert sorted(turn.connection_id for turn in planned) == sorted(
        demand.connection_id for demand in demands
    )
    # what counts already stops counting at its time; a new one counts for an hour
    counted = [(free - HOUR - MARGIN, free) for free in frees]
    counted += [(turn.at, turn.at + HOUR + MARGIN) for turn in planned]
    for turn in planned:
        assert sum(begin <= turn.at < end for begin, end in counted) <= limit


@settings(max_examples=60)
@given(
    arrivals=st.lists(st.sampled_from([Rank.PERSON, Rank.INTAKE]), min_size=40, max_size=60),
    works=st.integers(1, 6),
)
def test_nobody_starves_however_many_people_come(arrivals: list[Rank], works: int) -> None:
    """People arrive faster than tokens; each grant is decided anew, as it is in life."""
    waiting = {f"work {number}": waits(f"work {number}", asked=2) for number in range(works)}
    recent: tuple[Rank, ...] = ()
    for number, rank in enumerate(arrivals):
        for copy in range(2):
            waiting[f"{number}.{copy}"] = waits(f"{number}.{copy}", rank)
        turn = next(scheduler.plan(Usage(NOW, 1, recent=recent), waiting.values()))
        del waiting[turn.connection_id]
        recent = (*recent, turn.rank)[-3:]
    assert not any(who.startswith("work") for who in waiting)
