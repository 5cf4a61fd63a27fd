"""Pauses after entered client credentials that didn't work, so that one customer can't use up the token requests of all.

Each try costs one of very few token requests, whatever the answer. So after a failed one, the organization and the person
who entered the credentials wait before the next try on the same API host, longer each time. Production and CT share
a host, so a pause covers both. Operators may try at any time.
"""

import datetime as dt

from django.db.models import Q

from integrations.connections.models import Environment, Purpose, RequestState, TokenRequest
from portal.accounts.models import User

#: The pause after the first failed try. Each further one within `LOOKBACK` doubles it, up to the maximum.
FIRST_PAUSE, MAX_PAUSE = dt.timedelta(hours=1), dt.timedelta(hours=24)
LOOKBACK = dt.timedelta(hours=24)
#: How long a try counts as in progress. Another one waits until its result is known.
IN_PROGRESS = dt.timedelta(minutes=1)
REASON = "because credentials that were entered before didn't work"


def paused_until(
    environment: Environment, *, organization_id: int, person: User | None, at: dt.datetime
) -> dt.datetime | None:
    """Return when an organization and a person may try credentials again. Return None if they may now.

    ``person`` entered the credentials. None stands for the portal's own commands, which never wait.
    """
    if person is None or person.is_operator:
        return None
    tries = TokenRequest.objects.filter(
        state__in=[RequestState.OPEN, RequestState.REFUSED, RequestState.LOST],
        budget__host=environment.host,
        requested_by__is_operator=False,
        at__gt=at - LOOKBACK,
        at__lte=at,
    ).exclude(purpose=Purpose.CONSENT)
    theirs = Q(connection__installation__organization=organization_id)
    ends = [
        _end_of_pause(list(tries.filter(those).order_by("at"))) for those in (theirs, Q(requested_by=person))
    ]
    latest = max((end for end in ends if end is not None), default=None)
    return latest if latest is not None and latest > at else None


def _end_of_pause(tries: list[TokenRequest]) -> dt.datetime | None:
    """Return when the pause after these tries ends, oldest first."""
    failed = [row for row in tries if row.state != RequestState.OPEN]
    ends = [row.at + IN_PROGRESS for row in tries if row.state == RequestState.OPEN]
    if failed:
        pause = min(FIRST_PAUSE * 2 ** (len(failed) - 1), MAX_PAUSE)
        ends.append((failed[-1].ended_at or failed[-1].at) + pause)
    return max(ends, default=None)
