"""Times in words: how long ago or how soon, and exactly.

Exact times are in the current time zone: the viewer's in a request (`portal.site.zone`), UTC in jobs and commands. What
is stored or mailed during a request is for others, so it says its times in UTC.
"""

import datetime as dt

from django.utils import timezone

MINUTE, HOUR, DAY = 60, 3600, 86400
#: Beyond this a date says more than a count of days.
RELATIVE_DAYS = 14


def relative(moment: dt.datetime, now: dt.datetime) -> str:
    """Return “3 min ago”, “in 2 h”, or the date when it is more than two weeks away. `portal.js` says the same words."""
    seconds = (now - moment).total_seconds()
    amount = abs(seconds)
    if amount < MINUTE * 0.75:
        return "just now" if seconds >= 0 else "in a moment"
    if amount >= RELATIVE_DAYS * DAY:
        return date(moment)
    words = _amount(amount)
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def _amount(seconds: float) -> str:
    if seconds < 59.5 * MINUTE:
        return f"{max(1, round(seconds / MINUTE))} min"
    if seconds < 23.5 * HOUR:
        return f"{max(1, round(seconds / HOUR))} h"
    days = max(1, round(seconds / DAY))
    return f"{days} day{'' if days == 1 else 's'}"


def date(moment: dt.datetime, zone: dt.tzinfo | None = None) -> str:
    """Return “Mar 12, 2026”."""
    return _date(timezone.localtime(moment, zone))


def exact(moment: dt.datetime, zone: dt.tzinfo | None = None) -> str:
    """Return “Thu, Mar 12, 2026, 14:32:05 UTC”."""
    moment = timezone.localtime(moment, zone)
    return f"{moment:%a}, {_date(moment)}, {moment:%H:%M:%S} {_zone_name(moment)}"


def soon(moment: dt.datetime, now: dt.datetime, zone: dt.tzinfo | None = None) -> str:
    """Return “14:32 UTC”, with the day in front when it is not today's: “Thu, Mar 12, 14:32 UTC”."""
    moment, now = timezone.localtime(moment, zone), timezone.localtime(now, zone)
    clock = f"{moment:%H:%M} {_zone_name(moment)}"
    return clock if moment.date() == now.date() else f"{moment:%a, %b} {moment.day}, {clock}"


def _date(moment: dt.datetime) -> str:
    return f"{moment:%b} {moment.day}, {moment.year}"


def _zone_name(moment: dt.datetime) -> str:
    """Return “CST”; for zones whose abbreviation is only a number, “UTC+05:30”."""
    name = moment.tzname() or ""
    return name if name.isalpha() else f"UTC{moment.isoformat()[-6:]}"
