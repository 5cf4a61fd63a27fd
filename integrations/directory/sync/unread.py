"""Records and pages that a pass left out: what they are, and when a pass tries them again."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import F

from integrations.connections.models import Connection
from integrations.directory.models import UnreadContact, UnreadPage
from portal.core import clock

#: How long to wait before the second try in a later pass. Doubled after each try, up to the maximum.
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(hours=1), dt.timedelta(hours=12)
#: A page has many contacts, so nearly every pass tries it.
LONGEST_PAGE_WAIT = dt.timedelta(hours=2)
MAX_TRIES = 1000
#: The reason of a page whose records changed during each read. Total Expert works, so nobody is alerted.
UNSETTLED = "unsettled"


def keep_contacts(connection: Connection, remote_ids: Iterable[int], *, reason: str) -> None:
    """Record that these contacts were left out, in the caller's transaction. Those known already wait longer."""
    at, ids = clock.now(), set(remote_ids)
    known = list(UnreadContact.objects.filter(connection=connection, remote_id__in=ids))
    for row in known:
        row.next_try_at, row.reason = at + _wait(row.tries), reason[:64]
        row.tries = min(row.tries + 1, MAX_TRIES)
    UnreadContact.objects.bulk_update(known, ["tries", "next_try_at", "reason"])
    new = sorted(ids - {row.remote_id for row in known})
    UnreadContact.objects.bulk_create(
        [
            UnreadContact(
                connection=connection,
                remote_id=id,
                reason=reason[:64],
                first_failed_at=at,
                next_try_at=at + FIRST_WAIT,
            )
            for id in new
        ],
        ignore_conflicts=True,
    )


def drop_contacts(connection: Connection, remote_ids: Iterable[int]) -> None:
    """Forget contacts that were read or are gone."""
    UnreadContact.objects.filter(connection=connection, remote_id__in=list(remote_ids)).delete()


def due_contacts(connection: Connection, at: dt.datetime, number: int) -> list[int]:
    """Return the IDs of up to ``number`` contacts that are due for another try."""
    rows = UnreadContact.objects.filter(connection=connection, next_try_at__lte=at)
    return list(rows.values_list("remote_id", flat=True)[:number])


def is_known(connection: Connection, list: str, since: dt.datetime | None) -> bool:
    """Return whether an earlier pass left out a page of this list that begins at the same time."""
    return UnreadPage.objects.filter(connection=connection, list=list, since=since).exists()


def keep_page(
    connection: Connection,
    *,
    list: str,
    reason: str,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    part_of: UnreadPage | None = None,
) -> None:
    """Record that a page was left out, in the caller's transaction.

    If it is a part of what a pass left out before, it inherits since when it can't be read.
    """
    at = clock.now()
    row = UnreadPage.objects.filter(connection=connection, list=list, since=since).first()
    if row is None:
        row = UnreadPage(connection=connection, list=list, since=since, first_failed_at=at, tries=0)
    if part_of is not None and part_of.pk != row.pk:
        row.first_failed_at = min(row.first_failed_at, part_of.first_failed_at)
        row.tries = max(row.tries, part_of.tries)
    row.until, row.reason = until, reason[:64]
    row.next_try_at = at + _page_wait(row.tries - 1)
    row.tries = min(row.tries + 1, MAX_TRIES)
    row.save()


def put_off(page: UnreadPage) -> None:
    """Wait longer before the next try of a page."""
    UnreadPage.objects.filter(pk=page.pk, tries__lt=MAX_TRIES).update(tries=F("tries") + 1)
    UnreadPage.objects.filter(pk=page.pk).update(next_try_at=clock.now() + _page_wait(page.tries))


def due_page(connection: Connection, at: dt.datetime) -> UnreadPage | None:
    """Return the page of contacts that is due for another try, if any. Groups and owners are read again in each pass."""
    rows = UnreadPage.objects.filter(connection=connection, next_try_at__lte=at)
    return rows.filter(list__in=(UnreadPage.List.CONTACTS, UnreadPage.List.ARCHIVED)).first()


def _page_wait(tries: int) -> dt.timedelta:
    return min(_wait(tries), LONGEST_PAGE_WAIT)


def _wait(tries: int) -> dt.timedelta:
    doubled: int = 2 ** min(max(tries, 0), 16)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)
