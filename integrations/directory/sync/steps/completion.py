"""The last steps of a pass: compare the counts, and record what the connection sees and how up to date that is."""

import datetime as dt

from django.db.models import QuerySet

from integrations.connections.grants import ownership
from integrations.connections.models import Connection
from integrations.directory.models import ContactGroup, UnreadContact, UnreadPage, Visibility
from integrations.directory.sync import fingerprints
from integrations.directory.sync.passes import MAX_TOTAL, Pass
from integrations.directory.sync.steps import pages
from integrations.directory.sync.steps.contacts import ARCHIVED, List
from integrations.total_expert import Client, Rejected, TryLater
from portal.core import clock

#: If the counts differ, a pass reads all contacts once more, unless there are more than this.
REREAD_UP_TO = 20_000
MAX_WALKS = 2


def compare_counts(pass_: Pass, client: Client) -> None:
    """After reading everything, compare how many contacts Total Expert counts with how many were read."""
    if not pass_.state["full"]:
        pass_.start_step("finish")
        pass_.save()
        return
    counted = _counted(pass_, client)
    seen = _seen(pass_)
    difference = None if counted is None else counted - seen - _never_stored(pass_)
    with pass_.storing():
        # Another walk can't read contacts without a readable ID. They count as missing until a later pass reads them.
        if difference and difference != pass_.state.get("nameless", 0) and _may_reread(pass_, seen):
            pass_.start_walk()
        else:
            pass_.state["difference"] = difference
            if difference:
                pass_.run.log(
                    f"Total Expert counts {counted:,} contacts, and {seen:,} were read. A later pass reads them again.",
                    level="warning",
                )
            pass_.start_step("finish")
        pass_.save()


def _may_reread(pass_: Pass, seen: int) -> bool:
    if pass_.state.get("walks", 1) >= MAX_WALKS or seen > REREAD_UP_TO or pass_.state.get("is_cut"):
        return False
    return not _unread_pages(pass_).exists()


def _counted(pass_: Pass, client: Client) -> int | None:
    """Return how many contacts Total Expert counts. None means unknown."""
    try:
        counted = _count(client)
        if pass_.state.get("archived_unknown") or pass_.state.get("shows_archived"):
            return counted
        archived = _count(client, **ARCHIVED)
    except (Rejected, TryLater) as error:
        if not pages.is_about_request(error):
            raise
        return None
    # Without archived contacts on its pages, the list leaves them out.
    return None if counted is None or archived is None else counted + archived


def _count(client: Client, **filters: bool) -> int | None:
    """Return the number of pages with one contact each. None if the server ignores the size or sends an absurd number."""
    try:
        page = client.contacts.list(size=1, filter=filters)
    except (Rejected, TryLater) as error:
        if not pages.is_about_request(error):
            raise
        page = client.contacts.list(page=2, size=1, filter=filters)  # the first contact may be the problem
    found = len(page.items) + len(page.unreadable)
    if found > 1 or page.last > MAX_TOTAL:
        return None
    return page.last if found else 0


def _seen(pass_: Pass) -> int:
    return Visibility.objects.filter(connection=pass_.connection, pass_number=pass_.state["number"]).count()


def _never_stored(pass_: Pass) -> int:
    """Return how many contacts that were left out aren't stored from an earlier pass either."""
    stored = Visibility.objects.filter(connection=pass_.connection).values("contact__remote_id")
    return UnreadContact.objects.filter(connection=pass_.connection).exclude(remote_id__in=stored).count()


def _unread_pages(pass_: Pass) -> "QuerySet[UnreadPage]":
    return UnreadPage.objects.filter(connection=pass_.connection, list__in=(List.CONTACTS, List.ARCHIVED))


def finish(pass_: Pass, client: Client) -> None:
    """Record what the connection sees and how up to date that is, and keep fingerprints of the oldest contacts."""
    sync_state, state, now = pass_.sync_state, pass_.state, clock.now()
    groups = ContactGroup.objects.filter(installation=pass_.connection.installation, gone_at=None)
    sync_state.contacts = Visibility.objects.filter(connection=pass_.connection).count()
    sync_state.groups = (
        groups.count() if pass_.connection.sees_everything else groups.filter(owner=sync_state.owner).count()
    )
    sync_state.finished_at, sync_state.trying_since = now, None
    sync_state.covers_until = sync_state.started_at
    sync_state.first_finished_at = sync_state.first_finished_at or now
    if state["full"]:
        sync_state.full_finished_at = now
        sync_state.difference = state.get("difference")
        pass_.done = max(_seen(pass_), 0)
    is_whole = not _never_stored(pass_) and not _unread_pages(pass_).exists()
    sync_state.is_complete = sync_state.difference == 0 and is_whole
    _advance_seen_until(pass_)
    # Only while the connection is still admitted: it may have been quarantined since the pass began.
    if state["full"] and Connection.objects.admitted().filter(pk=pass_.connection.pk).exists():
        ownership.claim_records(pass_.connection, fingerprints.oldest(pass_.connection))
    with pass_.storing():
        sync_state.save()
        pass_.state["step"] = "done"
        pass_.total = pass_.done + pass_.failed  # a page only gives an estimate
        pass_.state.pop("page_before", None)
        pass_.save()


def _advance_seen_until(pass_: Pass) -> None:
    """Record the time from which the next pass reads changes. A time in the future would hide all changes until then."""
    sync_state, state = pass_.sync_state, pass_.state
    if not state.get("seen_until"):
        return
    latest = dt.datetime.fromisoformat(state["seen_until"])
    if sync_state.started_at is not None:
        latest = min(latest, sync_state.started_at)
    sync_state.seen_until = latest if state["full"] else max(latest, sync_state.seen_until or latest)
