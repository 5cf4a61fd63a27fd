"""The steps that read the list of contacts: the archived ones, all, and pages that an earlier pass left out."""

from dataclasses import dataclass, field, replace
from typing import Any

from integrations import total_expert
from integrations.connections.grants import ownership
from integrations.directory.models import UnreadPage, Visibility
from integrations.directory.sync import reader, store, unread
from integrations.directory.sync.passes import Pass
from integrations.directory.sync.steps import lookups, pages
from integrations.total_expert import Client, Page, Rejected, TryLater

List = UnreadPage.List
#: The filter that Total Expert spells this way.
ARCHIVED = {"archieved": True}


class _NoSuchFilter(Exception):
    """Total Expert doesn't filter contacts by whether they are archived."""


@dataclass(frozen=True)
class Walk:
    """What to read: a list of contacts, and where it ends.

    ``archived`` says whether its contacts are archived, None that this is unknown. ``part`` is a page that an earlier pass
    left out, for a walk that only reads this part of the list.
    """

    list: UnreadPage.List
    archived: bool | None
    filters: dict[str, Any] = field(default_factory=dict)
    part: UnreadPage | None = None

    @property
    def is_main(self) -> bool:
        """Return whether this walk determines the progress of the pass."""
        return self.list == List.CONTACTS and self.part is None


def read_archived(pass_: Pass, client: Client) -> None:
    """Read a page of the archived contacts. A contact's own record doesn't say whether it is archived."""
    try:
        is_over = _read_page(pass_, client, Walk(List.ARCHIVED, True, ARCHIVED))
    except _NoSuchFilter:
        pass_.run.log("Total Expert doesn't say which contacts are archived.", level="warning")
        pass_.state["archived_unknown"] = is_over = True
    if is_over:
        _start(pass_, "contacts")


def read_contacts(pass_: Pass, client: Client) -> None:
    """Read a page of all contacts."""
    archived = None if pass_.state.get("archived_unknown") else False
    if _read_page(pass_, client, Walk(List.CONTACTS, archived)):
        _start(pass_, "missing" if pass_.state["full"] else "unread_pages")


def read_unread_pages(pass_: Pass, client: Client) -> None:
    """Read a page of a part of the list that an earlier pass left out and that is due for another try."""
    part = UnreadPage.objects.filter(pk=pass_.state.get("part") or 0).first()
    if part is None:
        part = unread.due_page(pass_.connection, pass_.started_at)
        if part is None:
            _start(pass_, "unread_contacts")
            return
        pass_.state.update(part=part.pk, position=reader.Position(since=part.since).dump(), is_patchy=False)
    is_archived = part.list == List.ARCHIVED
    walk = Walk(List(part.list), True if is_archived else None, ARCHIVED if is_archived else {}, part=part)
    try:
        is_over = _read_page(pass_, client, walk)
    except (_NoSuchFilter, Rejected, TryLater) as error:
        if not isinstance(error, _NoSuchFilter) and not pages.is_about_request(error):
            raise
        unread.put_off(part)
        is_over = True
    if is_over:
        pass_.state["part"] = None
        pass_.save()


def _start(pass_: Pass, step: str) -> None:
    pass_.start_step(step)
    pass_.save()


def _read_page(pass_: Pass, client: Client, walk: Walk) -> bool:
    """Read and store the next page of a walk. Return whether the walk is over."""
    position = reader.Position.load(pass_.state.get("position") or pass_.state["begin"])

    def fetch(number: int) -> Page[total_expert.Contact]:
        try:
            return reader.fetch(client, replace(position, page=number), **walk.filters)
        except Rejected as refused:
            if walk.filters and refused.status in (400, 422):
                raise _NoSuchFilter from None
            raise

    is_known = walk.part is not None or unread.is_known(pass_.connection, walk.list, position.since)
    pass_.begin_read()
    read = pages.read(pass_, position.page, fetch, is_known=is_known)
    ownership.refuse_foreign_records(pass_.connection, ownership.contact_records(read.page.items))
    position = replace(position, page=read.number)
    step = reader.after(position, read.page)
    with pass_.storing():
        if read.problem is not None:
            _leave_out_page(pass_, walk, position, read)
        outcome = store.contacts(read.page.items, pass_.context(archived=walk.archived))
        lookups.leave_out(pass_, outcome, [item.id for item in read.page.items])
        if walk.is_main:
            _count(pass_, read.page, failed=outcome.failed, is_first_read=position.is_first_read)
        if position.is_first_read:
            pass_.log_unreadable("contacts", read.page)
        _note(pass_, walk, position, step)
        following = _within(pass_, walk, step.position)
        if following is None:
            _end(pass_, walk)
        else:
            pass_.state["position"] = following.dump()
        pass_.save()
    return following is None


def _within(pass_: Pass, walk: Walk, following: reader.Position | None) -> reader.Position | None:
    """Return the next position, or None if the walk ends before it."""
    pass_.state["pages"] = pass_.state.get("pages", 0) + 1
    if pass_.state["pages"] > reader.MAX_PAGES:
        pass_.state["is_cut" if walk.part is None else "is_part_cut"] = True
        pass_.log_once("endless", "The list of contacts doesn't end, so reading it ended.")
        return None
    until = walk.part.until if walk.part is not None else None
    if following is None or until is None or following.by_number or following.since is None:
        return following
    return following if following.since <= until else None


def _leave_out_page(
    pass_: Pass, walk: Walk, position: reader.Position, read: pages.Read[total_expert.Contact]
) -> None:
    assert read.problem is not None
    first = read.page.items[0].internal_updated_at if read.page.items else None
    unread.keep_page(
        pass_.connection,
        list=walk.list,
        since=position.since,
        until=None if position.by_number else first,
        reason=read.problem.code,
        part_of=walk.part,
    )
    pass_.state["is_patchy"] = True
    pass_.log_once(
        f"{walk.list} {position.since}",
        f"A page of contacts couldn't be read, so it was left out. Later passes try it again. {read.problem}",
    )


def _note(pass_: Pass, walk: Walk, position: reader.Position, step: reader.Step) -> None:
    """Log what keeps the walk from reading everything."""
    if step.repeats:
        pass_.state["is_cut" if walk.part is None else "is_part_cut"] = True
        pass_.log_once("repeats", "The list of contacts repeats itself, so the rest of it wasn't read.")
    if step.is_unsettled:
        pass_.state["is_patchy"] = True
        until = step.position.since if step.position is not None else None
        unread.keep_page(
            pass_.connection,
            list=walk.list,
            since=position.since,
            until=until,
            reason=unread.UNSETTLED,
            part_of=walk.part,
        )
        pass_.log_once(
            "unsettled",
            "The list of contacts changed during each read, so the next pass reads a part of it again.",
        )


def _end(pass_: Pass, walk: Walk) -> None:
    """Forget the pages left out before that this walk has read."""
    part = walk.part
    if part is not None:
        if pass_.state.pop("is_part_cut", False):
            unread.put_off(part)
        else:  # what still can't be read is due later: it was kept again
            UnreadPage.objects.filter(pk=part.pk, next_try_at__lte=pass_.started_at).delete()
    elif not pass_.state.get("is_patchy") and not pass_.state.get("is_cut"):
        begin = reader.Position.load(pass_.state["begin"]).since
        read = UnreadPage.objects.filter(connection=pass_.connection, list=walk.list)
        (read if begin is None else read.filter(since__gte=begin)).delete()


def _count(pass_: Pass, page: Page[total_expert.Contact], *, failed: list[int], is_first_read: bool) -> None:
    """Update the progress and the latest change that was read. Skip contacts that the page before had as well."""
    state = pass_.state
    if not state.get("estimated"):
        pass_.total = page.last * page.size if page.last > 1 else len(page.items)
        state["estimated"] = True
    if is_first_read:
        before = set(state.get("page_before", ()))
        pass_.done += sum(item.id not in before and item.id not in failed for item in page.items)
        pass_.failed += sum(id not in before for id in failed)
        state["nameless"] = state.get("nameless", 0) + len(page.unreadable)
    state["page_before"] = [item.id for item in page.items]
    times = [item.internal_updated_at for item in page.items if item.internal_updated_at is not None]
    if times:
        state["seen_until"] = max(state.get("seen_until") or "", max(times).isoformat())
    if not state.get("shows_archived"):
        archived = Visibility.objects.filter(connection=pass_.connection, archived_in=state["number"])
        state["shows_archived"] = archived.filter(
            contact__remote_id__in=[item.id for item in page.items]
        ).exists()
