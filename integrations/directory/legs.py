"""One connection's part of a sync: its pass over owners, groups and contacts, a page at a time.

Each step asks Total Expert outside any transaction, then stores the answer and its own progress in one, under the
job's fence: a step happens whole or not at all, and a worker that dies is followed by one that goes on from there.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import transaction

from integrations import total_expert
from integrations.connections import tripwire
from integrations.connections.client import client_for
from integrations.connections.models import Connection
from integrations.directory import landmarks, store, walk
from integrations.directory.models import UNSEEN, Book, Contact, ContactGroup, Sighting
from integrations.directory.progress import Progress
from integrations.jobs.run import Run
from integrations.total_expert import Client, Page, Rejected
from portal import clock

#: Later passes read what changed since the last one, and begin this much earlier: clocks and commits are not exact.
OVERLAP = dt.timedelta(minutes=5)
#: Changes do not tell what was deleted. After this long a pass reads everything again.
FULL_AFTER = dt.timedelta(days=7)
#: Contacts that are asked for one by one between two checkpoints, when a full pass did not meet them.
ASKED_AT_ONCE = 25


def is_full(book: Book, *, asked: bool, now: dt.datetime) -> bool:
    """Whether the next pass must read everything."""
    if asked or book.seen_until is None or book.full_finished_at is None:
        return True
    return now - book.full_finished_at > FULL_AFTER


class Leg:
    """A pass of one connection within a job. ``state`` is its part of the job's cursor, changed in place."""

    def __init__(self, run: Run, progress: Progress, connection: Connection) -> None:
        self.run = run
        self.progress = progress
        self.connection = connection
        self.book, _ = Book.objects.select_related("owner").get_or_create(connection=connection)
        self.state: dict[str, Any] = progress.legs.get(str(connection.pk)) or self._begin()

    def _begin(self) -> dict[str, Any]:
        now = clock.now()
        full = is_full(self.book, asked=self.progress.full, now=now)
        since = None if full or self.book.seen_until is None else self.book.seen_until - OVERLAP
        self.book.passes += 1
        self.book.started_at, self.book.problem = now, ""
        state: dict[str, Any] = {
            "number": self.book.passes,
            "full": full,
            "step": "owner",
            "page": 1,
            "begin": walk.Position(since=since).dump(),
        }
        self.progress.legs[str(self.connection.pk)] = state
        with transaction.atomic():
            self.book.save(update_fields=["passes", "started_at", "problem"])
            self.progress.save(self.run)
        return state

    def advance(self) -> bool:
        """Go on until the pass is complete (True) or the slice is over. Raises the client's errors."""
        with client_for(self.connection) as client:
            while self.state["step"] != "done":
                if not self.run.time_left():
                    return False
                _STEPS[self.state["step"]](self, client)
        return True

    def fail(self, sentence: str) -> None:
        """End this pass: Total Expert refuses the connection. What was stored stays."""
        self.state.update(step="failed", problem=sentence)
        self.book.problem = sentence[:500]
        with transaction.atomic():
            self.book.save(update_fields=["problem"])
            self.progress.save(self.run)

    def sight(self, *, archived: bool | None = None) -> store.Sight:
        """How what comes now is stored."""
        return store.Sight(self.book, self.connection, self.state["number"], clock.now(), archived)

    def go_on(self, step: str) -> None:
        """The next step, from its first page."""
        self.state.update(step=step, page=1, position=None)

    def note_unreadable(self, noun: str, page: Page[Any]) -> None:
        """Count what stood in a page and is no record."""
        if page.unreadable:
            self.progress.failed += len(page.unreadable)
            self.run.note(
                f"{len(page.unreadable)} {noun} came without an id and were left out.", level="warning"
            )


def _owner(leg: Leg, client: Client) -> None:
    """Whose book it is: a user sees one, and the contacts in it name its owner."""
    if not leg.connection.sees_everything and (leg.state["full"] or leg.book.owner is None):
        page = client.contacts.list(size=100)
        tripwire.refuse_foreign(leg.connection, tripwire.of(page.items))
        reference = _most_named(page.items) or (
            client.contacts.get(page.items[0].id).owner if page.items else None
        )
    else:
        reference = None
    with transaction.atomic():
        if reference is not None and reference.id:
            leg.book.owner = store.known_owners([reference], leg.sight())[reference.id]
            leg.book.save(update_fields=["owner"])
        leg.go_on("owners" if leg.connection.sees_everything else "groups")
        leg.progress.save(leg.run)


def _most_named(contacts: tuple[total_expert.Contact, ...]) -> total_expert.Reference | None:
    named = {
        contact.owner.id: contact.owner
        for contact in contacts
        if contact.owner is not None and contact.owner.id
    }
    counts = Counter(
        contact.owner.id for contact in contacts if contact.owner is not None and contact.owner.id
    )
    return named[counts.most_common(1)[0][0]] if counts else None


def _owners(leg: Leg, client: Client) -> None:
    """A page of users; only a connection as admin may ask."""
    page = _allowed(leg, "owners", client.users.list)
    with transaction.atomic():
        if page is not None:
            store.owners(page.items, installation=leg.connection.installation, now=clock.now())
            leg.note_unreadable("owners", page)
        _turn(leg, page, "groups")
        leg.progress.save(leg.run)


def _groups(leg: Leg, client: Client) -> None:
    """A page of groups. After the last one, those that were not among them are gone."""
    page = _allowed(leg, "groups", client.contact_groups.list)
    with transaction.atomic():
        if page is not None:
            store.groups(page.items, leg.sight())
            leg.note_unreadable("groups", page)
            if page.next is None and (leg.connection.sees_everything or leg.book.owner is not None):
                seen = ContactGroup.objects.filter(installation=leg.connection.installation, gone_at=None)
                if not leg.connection.sees_everything:
                    seen = seen.filter(owner=leg.book.owner)
                seen.filter(synced_at__lt=leg.book.started_at).update(gone_at=clock.now())
        _turn(leg, page, "archived")
        leg.progress.save(leg.run)


def _allowed(leg: Leg, noun: str, fetch: Callable[..., Page[Any]]) -> Page[Any] | None:
    """The page that is next, or None where the scope for it was not granted: the other steps go on without."""
    number = leg.state["page"]
    try:
        return walk.ended_or(number, lambda: fetch(page=number))
    except Rejected as refused:
        if refused.code != "insufficient_scope":
            raise
        leg.run.note(f"The {noun} were not read: the scope for them was not granted.", level="warning")
        return None


def _turn(leg: Leg, page: Page[Any] | None, following: str) -> None:
    if page is None or page.next is None:
        leg.go_on(following)
    else:
        leg.state["page"] = page.next


def _archived(leg: Leg, client: Client) -> None:
    """A page of the archived contacts: the filter is the only way to learn which they are."""
    try:
        _walk(leg, client, "contacts", archived=True, archieved=True)
    except Rejected as refused:
        if refused.status not in (400, 422):
            raise
        leg.run.note("Total Expert does not tell which contacts are archived: unknown.", level="warning")
        leg.state["archived_unknown"] = True
        leg.go_on("contacts")


def _contacts(leg: Leg, client: Client) -> None:
    """A page of all contacts."""
    unknown = leg.state.get("archived_unknown", False)
    _walk(leg, client, "missing" if leg.state["full"] else "finish", archived=None if unknown else False)


def _walk(leg: Leg, client: Client, following: str, *, archived: bool | None, **filters: Any) -> None:
    position = walk.Position.load(leg.state.get("position") or leg.state["begin"])
    page = walk.fetch(client, position, **filters)
    tripwire.refuse_foreign(leg.connection, tripwire.of(page.items))
    successor = walk.after(position, page)
    with transaction.atomic():
        outcome = store.contacts(page.items, leg.sight(archived=archived))
        if outcome.failed:
            listed = ", ".join(map(str, outcome.failed))
            leg.run.note(f"These contacts could not be stored: {listed}.", level="warning")
        leg.note_unreadable("contacts", page)
        if not archived:
            _count(leg, page, failed=outcome.failed)
        if successor is None:
            leg.go_on(following)
        else:
            leg.state["position"] = successor.dump()
        leg.progress.save(leg.run)


def _count(leg: Leg, page: Page[total_expert.Contact], *, failed: list[int]) -> None:
    """Progress, without those that the page before showed as well, and the latest change seen."""
    state, progress = leg.state, leg.progress
    if not state.get("estimated"):
        progress.total += page.last * page.size if page.last > 1 else len(page.items)
        state["estimated"] = True
    before = set(state.get("page_before", ()))
    state["page_before"] = [item.id for item in page.items]
    progress.done += sum(item.id not in before and item.id not in failed for item in page.items)
    progress.failed += sum(id not in before for id in failed)
    moments = [item.internal_updated_at for item in page.items if item.internal_updated_at is not None]
    if moments:
        state["seen_until"] = max(state.get("seen_until") or "", max(moments).isoformat())


def _missing(leg: Leg, client: Client) -> None:
    """Contacts that a full pass did not meet are asked for by id before they count as gone."""
    unmet = Sighting.objects.filter(connection=leg.connection, pass_number__lt=leg.state["number"])
    rows = list(unmet.order_by("pass_number", "contact").select_related("contact")[:ASKED_AT_ONCE])
    found, gone = [], []
    for row in rows:
        try:
            found.append(client.contacts.get(row.contact.remote_id))
        except Rejected as refused:
            if refused.code != "not_found":
                raise
            gone.append(row)
    tripwire.refuse_foreign(leg.connection, tripwire.of(found))
    with transaction.atomic():
        store.contacts(found, leg.sight())
        Sighting.objects.filter(pk__in=[row.pk for row in gone]).delete()
        met = [row.pk for row in rows if row not in gone]
        Sighting.objects.filter(pk__in=met).update(pass_number=leg.state["number"])
        unseen = Contact.objects.filter(UNSEEN, pk__in=[row.contact_id for row in gone])
        Contact.objects.filter(pk__in=list(unseen.values_list("pk", flat=True))).update(gone_at=clock.now())
        if len(rows) < ASKED_AT_ONCE:
            leg.go_on("finish")
        leg.progress.save(leg.run)


def _finish(leg: Leg, client: Client) -> None:
    """Write down how fresh the book is, and keep the oldest contacts as landmarks."""
    book, state, now = leg.book, leg.state, clock.now()
    groups = ContactGroup.objects.filter(installation=leg.connection.installation, gone_at=None)
    book.contacts = Sighting.objects.filter(connection=leg.connection).count()
    book.groups = (
        groups.count() if leg.connection.sees_everything else groups.filter(owner=book.owner).count()
    )
    book.finished_at = now
    book.first_finished_at = book.first_finished_at or now
    if state["full"]:
        book.full_finished_at = now
    if state.get("seen_until"):
        latest = dt.datetime.fromisoformat(state["seen_until"])
        if book.started_at is not None:  # a time in the future would hide all changes until then
            latest = min(latest, book.started_at)
        book.seen_until = latest if state["full"] else max(latest, book.seen_until or latest)
    # Only while the connection is still trusted: somebody may have quarantined it meanwhile.
    if state["full"] and Connection.objects.admitted().filter(pk=leg.connection.pk).exists():
        tripwire.claim(leg.connection, landmarks.oldest(leg.connection))
    with transaction.atomic():
        book.save()
        leg.state["step"] = "done"
        leg.state.pop("page_before", None)
        leg.progress.save(leg.run)


_STEPS: dict[str, Callable[[Leg, Client], None]] = {
    "owner": _owner,
    "owners": _owners,
    "groups": _groups,
    "archived": _archived,
    "contacts": _contacts,
    "missing": _missing,
    "finish": _finish,
}
