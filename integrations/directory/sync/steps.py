"""The steps of a pass, in order: owner of the connection, owners, groups, archived, contacts, missing contacts, finish.

Each reads a page, stores it, and says in the pass which step or page is next.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from integrations import total_expert
from integrations.connections.grants import ownership
from integrations.connections.models import Connection
from integrations.directory.models import UNSEEN, Contact, ContactGroup, Visibility
from integrations.directory.sync import fingerprints, reader, store
from integrations.total_expert import Client, Page, Rejected
from portal.core import clock

if TYPE_CHECKING:
    from integrations.directory.sync.passes import Pass

#: Contacts that are asked for one by one between two checkpoints, when a full pass did not meet them.
ASKED_AT_ONCE = 25


def _owner(pass_: "Pass", client: Client) -> None:
    """Whose sync_state it is: a user sees one, and the contacts in it name its owner."""
    if not pass_.connection.sees_everything and (pass_.state["full"] or pass_.sync_state.owner is None):
        page = client.contacts.list(size=100)
        ownership.refuse_foreign_records(pass_.connection, ownership.contact_records(page.items))
        reference = _most_named(page.items) or (
            client.contacts.get(page.items[0].id).owner if page.items else None
        )
    else:
        reference = None
    with pass_.storing():
        if reference is not None and reference.id:
            pass_.sync_state.owner = store.known_owners([reference], pass_.context())[reference.id]
            pass_.sync_state.save(update_fields=["owner"])
        pass_.go_on("owners" if pass_.connection.sees_everything else "groups")
        pass_.save()


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


def _owners(pass_: "Pass", client: Client) -> None:
    """A page of users; only a connection as admin may ask."""
    page = _allowed(pass_, "owners", client.users.list)
    with pass_.storing():
        if page is not None:
            store.owners(page.items, installation=pass_.connection.installation, now=clock.now())
            pass_.note_unreadable("owners", page)
        _turn(pass_, page, "groups")
        pass_.save()


def _groups(pass_: "Pass", client: Client) -> None:
    """A page of groups. After the last one, those that were not among them are gone."""
    page = _allowed(pass_, "groups", client.contact_groups.list)
    with pass_.storing():
        if page is not None:
            store.groups(page.items, pass_.context())
            pass_.note_unreadable("groups", page)
            if page.next is None and (pass_.connection.sees_everything or pass_.sync_state.owner is not None):
                seen = ContactGroup.objects.filter(installation=pass_.connection.installation, gone_at=None)
                if not pass_.connection.sees_everything:
                    seen = seen.filter(owner=pass_.sync_state.owner)
                seen.filter(synced_at__lt=pass_.sync_state.started_at).update(gone_at=clock.now())
        _turn(pass_, page, "archived")
        pass_.save()


def _allowed(pass_: "Pass", noun: str, fetch: Callable[..., Page[Any]]) -> Page[Any] | None:
    """The page that is next, or None where the scope for it was not granted: the other steps go on without."""
    number = pass_.state["page"]
    try:
        return reader.ended_or(number, lambda: fetch(page=number))
    except Rejected as refused:
        if refused.code != "insufficient_scope":
            raise
        pass_.run.log(f"The {noun} were not read: the scope for them was not granted.", level="warning")
        return None


def _turn(pass_: "Pass", page: Page[Any] | None, following: str) -> None:
    if page is None or page.next is None:
        pass_.go_on(following)
    else:
        pass_.state["page"] = page.next


def _archived(pass_: "Pass", client: Client) -> None:
    """A page of the archived contacts: the filter is the only way to learn which they are."""
    try:
        _walk(pass_, client, "contacts", archived=True, archieved=True)
    except Rejected as refused:
        if refused.status not in (400, 422):
            raise
        pass_.run.log("Total Expert does not tell which contacts are archived: unknown.", level="warning")
        pass_.state["archived_unknown"] = True
        pass_.go_on("contacts")


def _contacts(pass_: "Pass", client: Client) -> None:
    """A page of all contacts."""
    unknown = pass_.state.get("archived_unknown", False)
    _walk(pass_, client, "missing" if pass_.state["full"] else "finish", archived=None if unknown else False)


def _walk(pass_: "Pass", client: Client, following: str, *, archived: bool | None, **filters: Any) -> None:
    position = reader.Position.load(pass_.state.get("position") or pass_.state["begin"])
    page = reader.fetch(client, position, **filters)
    ownership.refuse_foreign_records(pass_.connection, ownership.contact_records(page.items))
    successor = reader.after(position, page)
    with pass_.storing():
        outcome = store.contacts(page.items, pass_.context(archived=archived))
        if outcome.failed:
            listed = ", ".join(map(str, outcome.failed))
            pass_.run.log(f"These contacts could not be stored: {listed}.", level="warning")
        pass_.note_unreadable("contacts", page)
        if not archived:
            _count(pass_, page, failed=outcome.failed)
        if successor is None:
            pass_.go_on(following)
        else:
            pass_.state["position"] = successor.dump()
        pass_.save()


def _count(pass_: "Pass", page: Page[total_expert.Contact], *, failed: list[int]) -> None:
    """Progress, without those that the page before showed as well, and the latest change seen."""
    state = pass_.state
    if not state.get("estimated"):
        pass_.total += page.last * page.size if page.last > 1 else len(page.items)
        state["estimated"] = True
    before = set(state.get("page_before", ()))
    state["page_before"] = [item.id for item in page.items]
    pass_.done += sum(item.id not in before and item.id not in failed for item in page.items)
    pass_.failed += sum(id not in before for id in failed)
    moments = [item.internal_updated_at for item in page.items if item.internal_updated_at is not None]
    if moments:
        state["seen_until"] = max(state.get("seen_until") or "", max(moments).isoformat())


def _missing(pass_: "Pass", client: Client) -> None:
    """Contacts that a full pass did not meet are asked for by id before they count as gone."""
    unmet = Visibility.objects.filter(connection=pass_.connection, pass_number__lt=pass_.state["number"])
    rows = list(unmet.order_by("pass_number", "contact").select_related("contact")[:ASKED_AT_ONCE])
    found, gone = [], []
    for row in rows:
        try:
            found.append(client.contacts.get(row.contact.remote_id))
        except Rejected as refused:
            if refused.code != "not_found":
                raise
            gone.append(row)
    ownership.refuse_foreign_records(pass_.connection, ownership.contact_records(found))
    with pass_.storing():
        store.contacts(found, pass_.context())
        Visibility.objects.filter(pk__in=[row.pk for row in gone]).delete()
        met = [row.pk for row in rows if row not in gone]
        Visibility.objects.filter(pk__in=met).update(pass_number=pass_.state["number"])
        unseen = Contact.objects.filter(UNSEEN, pk__in=[row.contact_id for row in gone])
        Contact.objects.filter(pk__in=list(unseen.values_list("pk", flat=True))).update(gone_at=clock.now())
        if len(rows) < ASKED_AT_ONCE:
            pass_.go_on("finish")
        pass_.save()


def _finish(pass_: "Pass", client: Client) -> None:
    """Write down how fresh the sync_state is, and keep the oldest contacts as landmarks."""
    sync_state, state, now = pass_.sync_state, pass_.state, clock.now()
    groups = ContactGroup.objects.filter(installation=pass_.connection.installation, gone_at=None)
    sync_state.contacts = Visibility.objects.filter(connection=pass_.connection).count()
    sync_state.groups = (
        groups.count() if pass_.connection.sees_everything else groups.filter(owner=sync_state.owner).count()
    )
    sync_state.finished_at = now
    sync_state.first_finished_at = sync_state.first_finished_at or now
    if state["full"]:
        sync_state.full_finished_at = now
    if state.get("seen_until"):
        latest = dt.datetime.fromisoformat(state["seen_until"])
        if sync_state.started_at is not None:  # a time in the future would hide all changes until then
            latest = min(latest, sync_state.started_at)
        sync_state.seen_until = latest if state["full"] else max(latest, sync_state.seen_until or latest)
    # Only while the connection is still trusted: somebody may have quarantined it meanwhile.
    if state["full"] and Connection.objects.admitted().filter(pk=pass_.connection.pk).exists():
        ownership.claim_records(pass_.connection, fingerprints.oldest(pass_.connection))
    with pass_.storing():
        sync_state.save()
        pass_.state["step"] = "done"
        pass_.total = pass_.done + pass_.failed  # pages tell about how many there are, not how many
        pass_.state.pop("page_before", None)
        pass_.save()


#: The steps by the name that a pass keeps in its cursor.
STEPS: "dict[str, Callable[[Pass, Client], None]]" = {
    "owner": _owner,
    "owners": _owners,
    "groups": _groups,
    "archived": _archived,
    "contacts": _contacts,
    "missing": _missing,
    "finish": _finish,
}
