"""The first steps of a pass: whose contacts the connection sees, owners, and groups."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from integrations import total_expert
from integrations.connections.grants import ownership
from integrations.directory.models import UnreadPage
from integrations.directory.sync import reader, store, unread
from integrations.directory.sync.passes import Pass
from integrations.directory.sync.steps import pages
from integrations.total_expert import Client, Page, Rejected, TryLater
from portal.core import clock

List = UnreadPage.List


def read_owner(pass_: Pass, client: Client) -> None:
    """Find out whose contacts a person's connection sees: most of them name that person as owner."""
    reference = None
    if not pass_.connection.sees_everything and (pass_.state["full"] or pass_.sync_state.owner is None):
        reference = _find_owner(pass_, client)
    with pass_.storing():
        if reference is not None and reference.id:
            pass_.sync_state.owner = store.known_owners([reference], pass_.context())[reference.id]
            pass_.sync_state.save(update_fields=["owner"])
        pass_.start_step("owners" if pass_.connection.sees_everything else "groups")
        pass_.save()


def _find_owner(pass_: Pass, client: Client) -> total_expert.Reference | None:
    try:
        page = client.contacts.list(size=100)
        ownership.refuse_foreign_records(pass_.connection, ownership.contact_records(page.items))
        found = _most_frequent_owner(page.items)
        return found if found or not page.items else client.contacts.get(page.items[0].id).owner
    except (Rejected, TryLater) as error:
        if not pages.is_about_request(error):
            raise
        pages.wait(pass_, error)
        pass_.run.log(f"The owner of this connection's contacts couldn't be read. {error}", level="warning")
        return None


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


def read_owners(pass_: Pass, client: Client) -> None:
    """Read a page of users. Only an admin connection may."""

    def keep(records: Sequence[total_expert.User]) -> None:
        store.owners(records, installation=pass_.connection.installation, now=clock.now())

    _read_list(pass_, List.OWNERS, client.users.list, keep, next_steps=("groups", "groups"))


def read_groups(pass_: Pass, client: Client) -> None:
    """Read a page of groups. Groups that are on none of the pages are requested by ID next, unless a page is missing."""

    def keep(records: Sequence[total_expert.ContactGroup]) -> None:
        store.groups(records, pass_.context())

    _read_list(pass_, List.GROUPS, client.contact_groups.list, keep, next_steps=("gone_groups", "archived"))


def _read_list(
    pass_: Pass,
    name: UnreadPage.List,
    fetch: Callable[..., Page[Any]],
    keep: Callable[[Sequence[Any]], None],
    *,
    next_steps: tuple[str, str],
) -> None:
    """Read a page of a list by its number. ``next_steps`` follow a list that was read whole, and one that wasn't.

    A list of several pages is read until two reads agree.
    """
    position = reader.Position.load(pass_.state.get("position") or {"by_number": True})
    pass_.begin_read()
    try:
        read = pages.read(
            pass_,
            position.page,
            lambda number: reader.fetch_or_end(number, partial(fetch, page=number)),
            is_known=unread.is_known(pass_.connection, name, None),
        )
    except Rejected as refused:
        if refused.code != "insufficient_scope":
            raise
        with pass_.storing():
            pass_.run.log(f"Skipped the {name} because the scope for them wasn't granted.", level="warning")
            pass_.start_step(next_steps[1])
            pass_.save()
        return
    step = reader.after_numbered(replace(position, page=read.number), read.page)
    with pass_.storing():
        keep(read.page.items)
        if position.is_first_read:
            pass_.log_unreadable(name, read.page)
        if read.problem is not None or step.repeats or step.is_unsettled:
            pass_.state["is_patchy"] = True
        if read.problem is not None:
            unread.keep_page(pass_.connection, list=name, reason=read.problem.code)
            pass_.log_once(name, f"A page of {name} couldn't be read, so it was left out. {read.problem}")
        if step.repeats:
            pass_.log_once(f"{name} repeat", f"The list of {name} repeats itself, so reading it ended.")
        if step.position is not None:
            pass_.state["position"] = step.position.dump()
        else:
            _end_list(pass_, name, next_steps)
        pass_.save()


def _end_list(pass_: Pass, name: UnreadPage.List, next_steps: tuple[str, str]) -> None:
    is_whole = not pass_.state.get("is_patchy")
    if is_whole:
        UnreadPage.objects.filter(connection=pass_.connection, list=name).delete()
    pass_.start_step(next_steps[0] if is_whole else next_steps[1])
