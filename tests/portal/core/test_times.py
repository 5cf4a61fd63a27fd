"""Moments in words."""

import datetime as dt

import pytest

from portal.core import times

NOW = dt.datetime(2026, 3, 12, 14, 32, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (44, "just now"),
        (46, "1 min ago"),
        (180, "3 min ago"),
        (59 * 60 + 40, "1 h ago"),
        (5 * 3600, "5 h ago"),
        (23.6 * 3600, "1 day ago"),
        (3 * 86400, "3 days ago"),
        (-20, "in a moment"),
        (-21 * 60, "in 21 min"),
        (-2 * 86400, "in 2 days"),
    ],
)
def test_a_moment_is_told_by_its_distance(seconds: float, words: str) -> None:
    assert times.relative(NOW - dt.timedelta(seconds=seconds), NOW) == words


def test_beyond_two_weeks_the_date_is_told() -> None:
    assert times.relative(NOW - dt.timedelta(days=40), NOW) == "31 Jan 2026"
    assert times.relative(NOW + dt.timedelta(days=40), NOW) == "21 Apr 2026"


def test_the_exact_time_is_in_utc_whatever_zone_it_came_in() -> None:
    in_chicago = NOW.astimezone(dt.timezone(dt.timedelta(hours=-5)))
    assert times.exact(in_chicago) == "Thu 12 Mar 2026, 14:32:05 UTC"


def test_a_time_of_today_needs_no_day_and_another_has_one() -> None:
    now = dt.datetime(2026, 3, 12, 10, 0, tzinfo=dt.UTC)
    assert times.soon(now + dt.timedelta(hours=4, minutes=32), now) == "14:32 UTC"
    assert times.soon(now + dt.timedelta(days=1), now) == "Fri 13 Mar, 10:00 UTC"
