"""The invented world: what is drawn from a seed."""

import datetime as dt
from collections import Counter

import pytest

from integrations.connections.limits.scheduler import RENEW_AFTER
from integrations.directory.sync import schedule
from integrations.simulation.scenario import (
    STALE_AFTER,
    START,
    TOKENS_PER_HOUR,
    ConnectionProfile,
    Event,
    EventKind,
    Scenario,
    generate,
    next_office_time,
)


def test_the_same_seed_draws_the_same_world_and_another_a_different_one() -> None:
    assert generate(50, 2, 7, seed=4) == generate(50, 2, 7, seed=4)
    assert generate(50, 2, 7, seed=4) != generate(50, 2, 7, seed=5)


def test_grants_are_mixed_and_spread_evenly_over_the_addresses() -> None:
    drawn = generate(1000, 8, 14, seed=1)
    kinds = Counter((site.is_authorized, site.has_work, site.read_at is None) for site in drawn.profiles)
    assert kinds == {
        (False, True, False): 250,
        (True, False, False): 150,
        (True, True, True): 80,
        (True, True, False): 520,
    }
    for address in range(8):
        assert sum(site.address == address and site.has_work for site in drawn.profiles) in (106, 107)


def test_forty_of_a_thousand_join_on_each_monday_between_nine_and_ten() -> None:
    joins = [each.at for each in generate(1000, 8, 14, seed=1).events if each.kind == EventKind.JOINS]
    assert Counter((at.date(), at.hour) for at in joins) == {
        (dt.date(2026, 1, 5), 9): 40,
        (dt.date(2026, 1, 12), 9): 40,
    }


def test_people_come_on_workdays_in_office_hours() -> None:
    people = [each.at for each in generate(1000, 8, 14, seed=1).events if each.kind == EventKind.PERSON]
    assert len(people) > 100
    assert all(at.weekday() < 5 and 9 <= at.hour < 17 for at in people)


def test_the_vendor_is_down_for_three_hours_and_one_address_for_a_day() -> None:
    vendor, address = generate(1000, 8, 14, seed=1).outages
    assert vendor.address is None and vendor.ends - vendor.begins == dt.timedelta(hours=3)
    assert address.address in range(8) and address.ends - address.begins == dt.timedelta(days=1)
    assert all(
        each.begins >= START and each.ends <= START + dt.timedelta(days=14) for each in (vendor, address)
    )


def test_no_grant_is_about_to_die_at_the_start() -> None:
    for site in generate(1000, 1, 14, seed=1).profiles:
        assert site.read_at is None or START - site.read_at <= RENEW_AFTER


def test_the_bound_is_connections_with_work_by_grants_an_hour_and_who_joins_counts_from_then_on() -> None:
    sites = (
        ConnectionProfile("works", 0, True, True, START),
        ConnectionProfile("idle", 0, True, False, START),
        ConnectionProfile("joins", 1, True, True, None),
    )
    joins = Event(START + dt.timedelta(days=1), "joins", EventKind.JOINS)
    assert Scenario(1, 2, 4, sites, (joins,)).bound_hours == pytest.approx((1 + 0.75) / (2 * TOKENS_PER_HOUR))


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 8, 1), (3, 2, 400), (40, 1, 300)])
def test_worlds_of_any_size_can_be_drawn(size: tuple[int, int, int]) -> None:
    drawn = generate(*size, seed=9)
    assert len(drawn.profiles) == size[0]
    assert drawn.bound_hours > 0


def test_somebody_mends_what_is_broken_in_the_office_on_one_of_the_next_workdays() -> None:
    import random

    friday = START + dt.timedelta(days=4, hours=15)
    days = {next_office_time(friday, random.Random(seed)) for seed in range(50)}
    assert {at.strftime("%A") for at in days} == {"Monday", "Tuesday"}
    assert all(9 <= at.hour < 17 for at in days)


def test_a_mirror_is_due_here_when_it_is_due_in_the_portal() -> None:
    assert STALE_AFTER == schedule.STALE_AFTER
