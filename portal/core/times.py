"""Moments in words: how long ago or how soon, and the exact time in UTC."""

import datetime as dt

MINUTE, HOUR, DAY = 60, 3600, 86400
#: Beyond this a date says more than a count of days.
RELATIVE_DAYS = 14


def relative(moment: dt.datetime, now: dt.datetime) -> str:
    """“3 min ago”, “in 2 h”, or the date when it is more than two weeks away. `portal.js` says the same words."""
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


def date(moment: dt.datetime) -> str:
    """“12 Mar 2026”, in UTC."""
    moment = moment.astimezone(dt.UTC)
    return f"{moment.day} {moment:%b %Y}"


def exact(moment: dt.datetime) -> str:
    """“Thu 12 Mar 2026, 14:32:05 UTC”."""
    moment = moment.astimezone(dt.UTC)
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def soon(moment: dt.datetime, now: dt.datetime) -> str:
    """“14:32 UTC”, with the day in front when it is not today's: “Thu 12 Mar, 14:32 UTC”."""
    moment, now = moment.astimezone(dt.UTC), now.astimezone(dt.UTC)
    clock = f"{moment:%H:%M} UTC"
    return clock if moment.date() == now.date() else f"{moment:%a} {moment.day} {moment:%b}, {clock}"
