"""Times in words."""

import datetime as dt
import zoneinfo

import pytest
from django.utils import timezone

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
def test_a_time_is_told_by_its_distance(seconds: float, words: str) -> None:
    assert times.relative(NOW - dt.timedelta(seconds=seconds), NOW) == words


def test_beyond_two_weeks_the_date_is_told() -> None:
    assert times.relative(NOW - dt.timedelta(days=40), NOW) == "Jan 31, 2026"
    assert times.relative(NOW + dt.timedelta(days=40), NOW) == "Apr 21, 2026"


def test_outside_a_request_the_exact_time_is_in_utc_whatever_zone_it_came_in() -> None:
    in_chicago = NOW.astimezone(dt.timezone(dt.timedelta(hours=-5)))
    assert times.exact(in_chicago) == "Thu, Mar 12, 2026, 14:32:05 UTC"


def test_times_are_in_the_current_zone_and_name_it() -> None:
    now = dt.datetime(2026, 3, 13, 2, 30, tzinfo=dt.UTC)
    with timezone.override(zoneinfo.ZoneInfo("America/Chicago")):
        assert times.exact(now) == "Thu, Mar 12, 2026, 21:30:00 CDT"
        assert times.date(now) == "Mar 12, 2026"
        assert times.soon(now + dt.timedelta(hours=2), now) == "23:30 CDT"
        assert times.soon(now + dt.timedelta(hours=4), now) == "Fri, Mar 13, 01:30 CDT"
        assert times.exact(now, dt.UTC) == "Fri, Mar 13, 2026, 02:30:00 UTC"


def test_a_zone_without_an_abbreviation_is_named_by_its_offset() -> None:
    assert times.exact(NOW, zoneinfo.ZoneInfo("Asia/Almaty")).endswith("19:32:05 UTC+05:00")


def test_a_time_of_today_needs_no_day_and_another_has_one() -> None:
    now = dt.datetime(2026, 3, 12, 10, 0, tzinfo=dt.UTC)
    assert times.soon(now + dt.timedelta(hours=4, minutes=32), now) == "14:32 UTC"
    assert times.soon(now + dt.timedelta(days=1), now) == "Fri, Mar 13, 10:00 UTC"
