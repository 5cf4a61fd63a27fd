"""The steps of a pass, in order: owner of the connection, owners, groups, archived, contacts, missing contacts, finish.

Each step reads a page, stores it, and says in the pass which page or step comes next.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

from integrations import total_expert
from integrations.connections.client import client_for
from integrations.connections.grants import ownership
from integrations.connections.models import Connection
from integrations.directory.models import UNKNOWN_TIME, UNSEEN, Contact, ContactGroup, Visibility
from integrations.directory.sync import fingerprints, reader, store
from integrations.directory.sync.passes import Pass
from integrations.total_expert import Client, Page, Rejected
from portal.core import clock

#: Contacts that a full pass didn't find are requested one by one, this many between two checkpoints.
MISSING_AT_ONCE = 25


def advance(pass_: Pass) -> bool:
    """Continue a pass until it is complete (return True) or the time slice is over. Raise the client's errors."""
    stale_since = pass_.sync_state.finished_at or UNKNOWN_TIME
    with client_for(pass_.connection, stale_since=stale_since) as client:
        while pass_.state["step"] != "done":
            if not pass_.run.time_left():
                return False
            STEPS[pass_.state["step"]](pass_, client)
    return True


def _read_owner(pass_: Pass, client: Client) -> None:
    """Find out whose contacts a person's connection sees: most of them name that person as owner."""
    if not pass_.connection.sees_everything and (pass_.state["full"] or pass_.sync_state.owner is None):
        page = client.contacts.list(size=100)
        ownership.refuse_foreign_records(pass_.connection, ownership.contact_records(page.items))
        reference = _most_frequent_owner(page.items) or (
            client.contacts.get(page.items[0].id).owner if page.items else None
        )
    else:
        reference = None
    with pass_.storing():
        if reference is not None and reference.id:
            pass_.sync_state.owner = store.known_owners([reference], pass_.context())[reference.id]
            pass_.sync_state.save(update_fields=["owner"])
        pass_.start_step("owners" if pass_.connection.sees_everything else "groups")
        pass_.save()


def _most_frequent_owner(contacts: tuple[total_expert.Contact, ...]) -> total_expert.Reference | None:
    named = {
        contact.owner.id: contact.owner
        for contact in contacts
        if contact.owner is not None and contact.owner.id
    }
    counts = Counter(
        contact.owner.id for contact in contacts if contact.owner is not None and contact.owner.id
    )
    return named[counts.most_common(1)[0][0]] if counts else None


def _read_owners(pass_: Pass, client: Client) -> None:
    """Read a page of users. Only an admin connection may."""
    page = _fetch_if_allowed(pass_, "owners", client.users.list)
    with pass_.storing():
        if page is not None:
            store.owners(page.items, installation=pass_.connection.installation, now=clock.now())
            pass_.log_unreadable("owners", page)
        _turn_page(pass_, page, "groups")
        pass_.save()


def _read_groups(pass_: Pass, client: Client) -> None:
    """Read a page of groups. After the last page, groups that were on none of them are marked as gone."""
    page = _fetch_if_allowed(pass_, "groups", client.contact_groups.list)
    with pass_.storing():
        if page is not None:
            store.groups(page.items, pass_.context())
            pass_.log_unreadable("groups", page)
            if page.next is None and (pass_.connection.sees_everything or pass_.sync_state.owner is not None):
                listed = ContactGroup.objects.filter(installation=pass_.connection.installation, gone_at=None)
                if not pass_.connection.sees_everything:
                    listed = listed.filter(owner=pass_.sync_state.owner)
                listed.filter(synced_at__lt=pass_.sync_state.started_at).update(gone_at=clock.now())
        _turn_page(pass_, page, "archived")
        pass_.save()


def _fetch_if_allowed(pass_: Pass, noun: str, fetch: Callable[..., Page[Any]]) -> Page[Any] | None:
    """Return the next page. Return None if its scope wasn't granted, so that the pass continues without it."""
    number = pass_.state["page"]
    try:
        return reader.fetch_or_end(number, lambda: fetch(page=number))
    except Rejected as refused:
        if refused.code != "insufficient_scope":
            raise
        pass_.run.log(f"Skipped the {noun} because the scope for them wasn't granted.", level="warning")
        return None


def _turn_page(pass_: Pass, page: Page[Any] | None, next_step: str) -> None:
    if page is None or page.next is None:
        pass_.start_step(next_step)
    else:
        pass_.state["page"] = page.next


def _read_archived(pass_: Pass, client: Client) -> None:
    """Read a page of the archived contacts. A contact's own record doesn't say whether it is archived."""
    try:
        _read_contact_page(pass_, client, "contacts", archived=True, archieved=True)
    except Rejected as refused:
        if refused.status not in (400, 422):
            raise
        pass_.run.log("Total Expert doesn't say which contacts are archived.", level="warning")
        pass_.state["archived_unknown"] = True
        pass_.start_step("contacts")


def _read_contacts(pass_: Pass, client: Client) -> None:
    """Read a page of all contacts."""
    archived = None if pass_.state.get("archived_unknown") else False
    _read_contact_page(pass_, client, "missing" if pass_.state["full"] else "finish", archived=archived)


def _read_contact_page(
    pass_: Pass, client: Client, next_step: str, *, archived: bool | None, **filters: Any
) -> None:
    position = reader.Position.load(pass_.state.get("position") or pass_.state["begin"])
    page = reader.fetch(client, position, **filters)
    ownership.refuse_foreign_records(pass_.connection, ownership.contact_records(page.items))
    next_position = reader.after(position, page)
    with pass_.storing():
        outcome = store.contacts(page.items, pass_.context(archived=archived))
        if outcome.failed:
            listed = ", ".join(map(str, outcome.failed))
            pass_.run.log(f"These contacts couldn't be stored: {listed}.", level="warning")
        pass_.log_unreadable("contacts", page)
        if not archived:
            _count(pass_, page, failed=outcome.failed)
        if next_position is None:
            pass_.start_step(next_step)
        else:
            pass_.state["position"] = next_position.dump()
        pass_.save()


def _count(pass_: Pass, page: Page[total_expert.Contact], *, failed: list[int]) -> None:
    """Update the progress and the latest change that was read. Skip contacts that the page before had as well."""
    state = pass_.state
    if not state.get("estimated"):
        pass_.total += page.last * page.size if page.last > 1 else len(page.items)
        state["estimated"] = True
    before = set(state.get("page_before", ()))
    state["page_before"] = [item.id for item in page.items]
    pass_.done += sum(item.id not in before and item.id not in failed for item in page.items)
    pass_.failed += sum(id not in before for id in failed)
    times = [item.internal_updated_at for item in page.items if item.internal_updated_at is not None]
    if times:
        state["seen_until"] = max(state.get("seen_until") or "", max(times).isoformat())


def _check_missing(pass_: Pass, client: Client) -> None:
    """Request contacts that a full pass didn't find by ID. Those that Total Expert doesn't find either are lost.

    A contact that this connection lost is marked as gone only if no other connection sees it.
    """
    not_found = Visibility.objects.filter(connection=pass_.connection, pass_number__lt=pass_.state["number"])
    rows = list(not_found.order_by("pass_number", "contact").select_related("contact")[:MISSING_AT_ONCE])
    found, lost = [], []
    for row in rows:
        try:
            found.append(client.contacts.get(row.contact.remote_id))
        except Rejected as refused:
            if refused.code != "not_found":
                raise
            lost.append(row)
    ownership.refuse_foreign_records(pass_.connection, ownership.contact_records(found))
    with pass_.storing():
        store.contacts(found, pass_.context())
        Visibility.objects.filter(pk__in=[row.pk for row in lost]).delete()
        kept = [row.pk for row in rows if row not in lost]
        Visibility.objects.filter(pk__in=kept).update(pass_number=pass_.state["number"])
        unseen = Contact.objects.filter(UNSEEN, pk__in=[row.contact_id for row in lost])
        Contact.objects.filter(pk__in=list(unseen.values_list("pk", flat=True))).update(gone_at=clock.now())
        if len(rows) < MISSING_AT_ONCE:
            pass_.start_step("finish")
        pass_.save()


def _finish(pass_: Pass, client: Client) -> None:
    """Record what the connection sees and how up to date that is, and keep fingerprints of the oldest contacts."""
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
    # Only while the connection is still admitted: it may have been quarantined since the pass began.
    if state["full"] and Connection.objects.admitted().filter(pk=pass_.connection.pk).exists():
        ownership.claim_records(pass_.connection, fingerprints.oldest(pass_.connection))
    with pass_.storing():
        sync_state.save()
        pass_.state["step"] = "done"
        pass_.total = pass_.done + pass_.failed  # a page only gives an estimate
        pass_.state.pop("page_before", None)
        pass_.save()


#: The steps by the names that a pass keeps in its cursor.
STEPS: dict[str, Callable[[Pass, Client], None]] = {
    "owner": _read_owner,
    "owners": _read_owners,
    "groups": _read_groups,
    "archived": _read_archived,
    "contacts": _read_contacts,
    "missing": _check_missing,
    "finish": _finish,
}
