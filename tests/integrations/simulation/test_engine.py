"""The simulation: small worlds with known answers, and what holds in any."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence

import pytest

from integrations.connections.models import Purpose
from integrations.simulation.engine import SimulatedConnection, Simulation
from integrations.simulation.metrics import percentiles
from integrations.simulation.naive_policy import NaivePolicy
from integrations.simulation.portal_policy import PortalPolicy
from integrations.simulation.scenario import (
    START,
    ConnectionProfile,
    Event,
    EventKind,
    Outage,
    Scenario,
    generate,
)
from integrations.simulation.token_server import Outcome

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
GRANTED, REFUSED, TOO_MANY = Outcome.GRANTED, Outcome.REFUSED, Outcome.TOO_MANY


def site(
    who: str, age: float | None = 0, *, consented: bool = True, has_work: bool = True, address: int = 0
) -> ConnectionProfile:
    return ConnectionProfile(who, address, consented, has_work, None if age is None else START - age * HOUR)


def world(
    *sites: ConnectionProfile,
    days: int = 2,
    happenings: Sequence[Event] = (),
    outages: Sequence[Outage] = (),
    lost_answers: float = 0,
    addresses: int = 1,
) -> Scenario:
    return Scenario(5, addresses, days, sites, tuple(happenings), tuple(outages), lost_answers)


def busy(number: int = 24) -> list[ConnectionProfile]:
    """Connections that keep one address busy, served in turn until now, two an hour."""
    return [site(f"work {place:02}", place / 2) for place in range(number)]


def hours(run: Simulation) -> list[float]:
    """When requests arrived, in hours."""
    return [(at - START) / HOUR for at, _, _ in run.server.log]


def outcomes(run: Simulation) -> list[Outcome]:
    return [outcome for _, _, outcome in run.server.log]


def person(who: str, at: float, *, patience: float = 100) -> Event:
    begins = START + at * HOUR
    return Event(begins, who, EventKind.PERSON, leaves_at=begins + patience * HOUR)


# our policy


@pytest.mark.parametrize("size", [(1000, 8), (200, 2), (30, 1)])
def test_no_address_ever_sends_a_third_request_in_an_hour(size: tuple[int, int]) -> None:
    run = Simulation(generate(*size, days=5, seed=3), PortalPolicy)
    told = run.run()
    for address in range(size[1]):
        times = [at for at, number, _ in run.server.log if number == address]
        assert len(times) > 50
        assert all(place + 1 - bisect_right(times, at - HOUR) <= 2 for place, at in enumerate(times))
    assert told["refused_429"] == 0


def test_every_token_that_is_allowed_is_used_while_work_waits() -> None:
    told = Simulation(world(*busy()), PortalPolicy).run()
    assert told["tokens_granted"] == told["grants_allowed"] == 96


def test_mirrors_are_renewed_as_soon_as_they_are_due_while_tokens_abound() -> None:
    told = Simulation(world(site("a"), site("b", 3)), PortalPolicy).run()
    assert told["tokens_granted"] == told["mirrors_renewed"] == 7 + 8
    assert 6 <= told["staleness_at_renewal_hours"]["max"] < 6.01
    assert told["staleness_hours"]["max"] == 6
    assert told["tokens_wasted"] == 0


def test_mirrors_become_as_old_as_the_bound_and_no_older_when_nothing_else_happens() -> None:
    told = Simulation(world(*busy(), days=4), PortalPolicy).run()
    ages = told["staleness_at_renewal_hours"]
    assert ages["p50"] == pytest.approx(12, rel=0.02)
    assert ages["max"] < 12 * 1.05


def test_a_person_gets_the_next_slot_however_much_work_waits() -> None:
    told = Simulation(
        world(*busy(), site("theirs", has_work=False), happenings=[person("theirs", 30.25)]), PortalPolicy
    ).run()
    assert 0 < told["people_waited_minutes"]["max"] <= 61


def test_work_is_served_although_more_people_come_than_tokens() -> None:
    idle = [site(f"idle {number:03}", has_work=False) for number in range(144)]
    people = [person(each.id, number / 3) for number, each in enumerate(idle)]
    told = Simulation(world(site("work"), *idle, happenings=people), PortalPolicy).run()
    assert told["mirrors_renewed"] >= 3
    # due at six, and then at most as long as people themselves wait
    assert told["staleness_at_renewal_hours"]["max"] < 6 + told["people_waited_minutes"]["max"] / 60


def test_a_connection_without_work_is_kept_alive() -> None:
    run = Simulation(world(site("idle", has_work=False), days=30), PortalPolicy)
    told = run.run()
    assert (told["refresh_tokens_lost"], told["tokens_granted"], told["tokens_wasted"]) == (0, 3, 0)
    for number, at in enumerate(hours(run), start=1):
        assert number * 9 <= at / 24 <= number * 10


def test_who_joins_consents_while_a_slot_is_held_for_them() -> None:
    nine = START + 9 * HOUR
    joins = [Event(nine, f"new {number}", EventKind.JOINS) for number in range(2)]
    told = Simulation(world(site("new 0", None), site("new 1", None), happenings=joins), PortalPolicy)
    told.run()
    first, second = hours(told)[:2]
    assert 20 / 3600 < first - 9 <= second - 9 < 182 / 3600


def test_nothing_is_sent_by_an_address_that_is_down_and_others_go_on() -> None:
    down = Outage(START + 10 * HOUR, START + 34 * HOUR, address=0)
    sites = [site("here", address=0), site("there", address=1)]
    run = Simulation(world(*sites, days=3, outages=[down], addresses=2), PortalPolicy)
    told = run.run()
    assert not any(address == 0 and down.covers(at) for at, address, _ in run.server.log)
    assert sum(address == 1 for _, address, _ in run.server.log) == 11
    assert 27 < told["staleness_at_renewal_hours"]["max"] < 28.2
    assert told["refresh_tokens_lost"] == 0


def test_an_outage_costs_what_its_hours_allow_and_no_grant() -> None:
    down = Outage(START + 10 * HOUR, START + 13 * HOUR)
    told = Simulation(world(*busy(), days=3, outages=[down]), PortalPolicy).run()
    assert told["failed_in_outages"] == 6
    assert told["tokens_granted"] + 6 == told["token_requests"]
    assert told["staleness_at_renewal_hours"]["max"] < 12 + 3 + 0.7


# both policies


@pytest.mark.parametrize("policy", [PortalPolicy, NaivePolicy])
def test_what_was_revoked_is_refused_once_and_left_alone_until_a_person_comes(policy: type) -> None:
    revoked = Event(START + HOUR, "theirs", EventKind.REVOKED)
    run = Simulation(world(site("theirs", 1), days=4, happenings=[revoked]), policy)
    told = run.run()
    assert outcomes(run)[:2] == [REFUSED, GRANTED]
    assert hours(run)[0] == pytest.approx(5, abs=0.1)
    assert hours(run)[1] > 24 + 9
    assert (told["revoked"], told["lost_answers"], told["refresh_tokens_lost"]) == (1, 0, 0)


@pytest.mark.parametrize("policy", [PortalPolicy, NaivePolicy])
def test_a_grant_that_a_lost_answer_took_along_is_counted_as_such(policy: type) -> None:
    told = Simulation(world(site("theirs"), days=3, lost_answers=1), policy).run()
    assert told["lost_answers"] >= 1
    assert told["refresh_tokens_lost"] == 0


@pytest.mark.parametrize("policy", [PortalPolicy, NaivePolicy])
def test_client_credentials_have_nothing_that_dies(policy: type) -> None:
    told = Simulation(world(site("theirs", consented=False, has_work=False), days=40), policy).run()
    assert (told["refresh_tokens_lost"], told["token_requests"]) == (0, 0)


def test_a_token_that_is_there_is_used_before_another_is_asked_for() -> None:
    happenings = [person("theirs", 2), Event(START + 2.5 * HOUR, "theirs", EventKind.LEADS)]
    run = Simulation(world(site("theirs"), days=1, happenings=happenings), PortalPolicy)
    run.run()
    # the person's at 2; the leads use it; the mirror, not yet three hours old then, is due at six
    assert [round(at) for at in hours(run)] == [2, 6, 12, 18]


class EagerPolicy:
    """Requests a token each full hour, whether or not anything is due."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        simulation.schedule(START + HOUR, self._ask)

    def _ask(self, at: dt.datetime) -> None:
        self._simulation.send(self._simulation.connections["theirs"], at)
        self._simulation.schedule(at + HOUR, self._ask)

    def on_needed(self, connection: SimulatedConnection, at: dt.datetime) -> None: ...
    def on_left(self, connection: SimulatedConnection, purpose: Purpose, at: dt.datetime) -> None: ...
    def on_granted(self, connection: SimulatedConnection, at: dt.datetime) -> None: ...
    def on_ended(self, connection: SimulatedConnection, outcome: Outcome, at: dt.datetime) -> None: ...


def test_a_token_for_which_there_was_no_use_counts_as_wasted() -> None:
    told = Simulation(world(site("theirs"), days=1), EagerPolicy).run()
    assert told["tokens_granted"] == 23
    # what is half due is read because the token is there, but nobody had needed to ask
    assert told["tokens_wasted"] == 23


# the naive one


def test_the_naive_policy_asks_when_work_is_due_first_come_first_served_and_again_after_a_429() -> None:
    run = Simulation(
        world(*[site(who, age) for who, age in (("c", 0.02), ("b", 0.01), ("a", 0))]), NaivePolicy
    )
    run.run()
    first = [(round(at, 2), outcome) for at, outcome in zip(hours(run), outcomes(run), strict=True)][:4]
    assert first[:3] == [(5.98, GRANTED), (5.99, GRANTED), (6.0, TOO_MANY)]
    assert first[3][1] == TOO_MANY and first[3][0] < 6.03


def test_its_429_cost_it_what_would_have_come_free_unless_they_are_free() -> None:
    counted = Simulation(world(*busy()), NaivePolicy).run()
    free = Simulation(world(*busy()), NaivePolicy, forgiving=True).run()
    assert counted["refused_429"] > 100 and free["refused_429"] > 100
    assert counted["tokens_granted"] < 20 < 80 < free["tokens_granted"] <= 96


def test_it_lets_grants_die_for_which_there_is_no_work() -> None:
    told = Simulation(world(site("idle", has_work=False), days=16), NaivePolicy).run()
    assert told["refresh_tokens_lost"] == 1


def test_it_asks_for_people_who_have_left() -> None:
    who = [site(name, has_work=False) for name in "abc"]
    people = [person("a", 9), person("b", 9.01), person("c", 9.02, patience=0.5)]
    naive = Simulation(world(*who, happenings=people), NaivePolicy, forgiving=True).run()
    ours = Simulation(world(*who, happenings=people), PortalPolicy).run()
    assert (naive["tokens_granted"], naive["tokens_wasted"], naive["people_who_left"]) == (3, 1, 1)
    assert (ours["tokens_granted"], ours["tokens_wasted"], ours["people_who_left"]) == (2, 0, 1)


# figures


def test_percentiles_are_values_that_occurred() -> None:
    assert percentiles([float(number) for number in range(100, 0, -1)]) == {"p50": 50, "p95": 95, "max": 100}
    assert percentiles([7.0]) == {"p50": 7, "p95": 7, "max": 7}
    assert percentiles([]) == {"p50": None, "p95": None, "max": None}


def test_nobody_starves_and_no_refresh_token_dies_in_a_mixed_world() -> None:
    drawn = generate(200, 2, days=14, seed=2)
    told = Simulation(drawn, PortalPolicy).run()
    assert told["refresh_tokens_lost"] == told["tokens_wasted"] == 0
    assert told["staleness_hours"]["p95"] < 1.25 * drawn.bound_hours
    # one address was down for a day
    assert told["staleness_at_renewal_hours"]["max"] < 1.25 * drawn.bound_hours + 24 + 3
