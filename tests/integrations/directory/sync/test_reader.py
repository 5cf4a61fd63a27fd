"""Reading a list that changes meanwhile, from a server that is only a list."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import total_expert
from integrations.directory.sync import reader

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass
class Server:
    """Contacts by ID with the second of their last change, listed as Total Expert lists them."""

    changed: dict[int, int]
    sorts: bool = True
    vanishes: bool = False
    contacts: Any = field(init=False)

    def __post_init__(self) -> None:
        self.contacts = self

    def list(self, *, page: int, size: int, filter: dict[str, Any], sort: tuple[str, ...]) -> Any:
        since = filter.get("internal_updated_at_start")
        ids = [
            id
            for id, at in self.changed.items()
            if since is None or START + dt.timedelta(seconds=at) >= since
        ]
        ids.sort(key=lambda id: (self.changed[id], id) if self.sorts else -id)
        last = max(1, -(-len(ids) // size))
        if page > last and self.vanishes:
            raise total_expert.Rejected(["That page does not exist."], code="page_out_of_range")
        shown = ids[(page - 1) * size : page * size]
        items = tuple(self.record(id) for id in shown)
        return total_expert.Page(items, page, last, page + 1 if page < last else None, size)

    def record(self, id: int) -> total_expert.Contact:
        at = START + dt.timedelta(seconds=self.changed[id])
        record = total_expert.Contact.from_json(
            {"id": id, "internal_updated_at": at.strftime("%Y-%m-%d %H:%M:%S")}
        )
        assert record is not None
        return record


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SIZE", 5)


def walked(
    server: Any, meanwhile: Callable[[], None] = lambda: None, notes: set[str] | None = None
) -> Iterator[int]:
    """Return the IDs read from the beginning. Each position is stored and loaded again, as in a job."""
    position: reader.Position | None = reader.Position()
    for _ in range(500):
        if position is None:
            return
        position = reader.Position.load(json.loads(json.dumps(position.dump())))
        page = reader.fetch(server, position)
        yield from (item.id for item in page.items)
        step = reader.after(position, page)
        if notes is not None:
            notes |= {name for name in ("repeats", "is_unsettled") if getattr(step, name)}
        position = step.position
        meanwhile()
    raise AssertionError("The walk does not end.")


@given(st.lists(st.integers(0, 12), max_size=60))
def test_every_contact_is_read_even_if_many_share_a_second(seconds: list[int]) -> None:
    server = Server(dict(enumerate(seconds, 1)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "SIZE", 5)
        assert set(walked(server)) == set(server.changed)


@given(
    st.integers(1, 60), st.lists(st.integers(1, 60), max_size=20), st.lists(st.integers(1, 60), max_size=20)
)
def test_nothing_is_lost_while_contacts_are_edited_and_deleted(
    total: int, edits: list[int], deletions: list[int]
) -> None:
    server = Server({id: id for id in range(1, total + 1)})
    moments = iter(range(1000, 2000))
    edited, deleted = iter(edits), iter(deletions)

    def meanwhile() -> None:
        id = next(edited, None)
        if id in server.changed:
            server.changed[id] = next(moments)
        server.changed.pop(next(deleted, 0), None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "SIZE", 5)
        met = set(walked(server, meanwhile))
    assert set(server.changed) <= met


def test_a_server_that_does_not_sort_is_read_by_page_numbers() -> None:
    server = Server({id: id for id in range(1, 38)}, sorts=False)
    assert set(walked(server)) == set(range(1, 38))


def test_reading_ends_when_the_list_has_become_shorter() -> None:
    server = Server(dict.fromkeys(range(1, 12), 1), vanishes=True)
    walk_over = walked(server, lambda: [server.changed.pop(id, None) for id in range(6, 12)] and None)
    assert set(walk_over) == {1, 2, 3, 4, 5}


def test_a_first_page_out_of_range_is_an_error() -> None:
    def refuse() -> Any:
        raise total_expert.Rejected(["No."], code="page_out_of_range")

    with pytest.raises(total_expert.Rejected):
        reader.fetch_or_end(1, refuse)


@given(st.integers(11, 60), st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_nothing_is_lost_while_contacts_that_share_a_second_are_edited(total: int, edits: list[int]) -> None:
    """Each edit moves a contact to the end, which shifts those after it to pages that were read already."""
    server = Server(dict.fromkeys(range(1, total + 1), 1))
    moments, edited = iter(range(1000, 2000)), iter(edits)

    def meanwhile() -> None:
        id = next(edited, None)
        if id in server.changed:
            server.changed[id] = next(moments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "SIZE", 5)
        assert set(walked(server, meanwhile)) == set(server.changed)


@given(st.integers(11, 60), st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_nothing_is_lost_by_page_numbers_while_contacts_are_deleted(total: int, deletions: list[int]) -> None:
    server = Server({id: id for id in range(1, total + 1)}, sorts=False)
    deleted = iter(deletions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "SIZE", 5)
        met = set(walked(server, lambda: server.changed.pop(next(deleted, 0), None) and None))
    assert set(server.changed) <= met


def test_a_second_that_never_stops_changing_is_noted() -> None:
    server = Server(dict.fromkeys(range(1, 400), 1))
    ids, moments, notes = iter(range(1, 400)), iter(range(1000, 2000)), set[str]()

    def meanwhile() -> None:
        id = next(ids, None)
        if id is not None:
            server.changed[id] = next(moments)

    set(walked(server, meanwhile, notes))
    assert notes == {"is_unsettled"}


class Odd(Server):
    """A server that ignores what the request asks for and sends odd links."""

    ignored: frozenset[str] = frozenset()
    next: Callable[[int], int | None] = staticmethod(lambda page: 2)

    def list(self, *, page: int, size: int, filter: dict[str, Any], sort: tuple[str, ...]) -> Any:
        asked = page
        if "filter" in self.ignored:
            filter = {}
        if "page" in self.ignored:
            page = 1
        found = super().list(page=page, size=size, filter=filter, sort=sort)
        number = self.next(asked)
        back = number is not None and number <= asked
        return total_expert.Page(found.items, asked, 10**12, None if back else number, size, leads_back=back)


@pytest.mark.parametrize("ignored", [{"page"}, {"filter"}, {"page", "filter"}])
@pytest.mark.parametrize("seconds", [[1] * 12, list(range(12)), [1] * 7 + [2, 3, 4, 5, 6], [3]])
@pytest.mark.parametrize("sorts", [True, False])
@pytest.mark.parametrize("next", ["always two", "always further", "always itself"])
def test_a_list_that_repeats_itself_or_never_ends_is_read_to_the_first_repeat(
    ignored: set[str], seconds: list[int], sorts: bool, next: str
) -> None:
    server = Odd(dict(enumerate(seconds, 1)), sorts=sorts)
    server.ignored = frozenset(ignored)
    links = {
        "always two": lambda page: 2,
        "always further": lambda page: page + 1,
        "always itself": lambda page: page,
    }
    server.next = links[next]  # type: ignore[method-assign]
    notes: set[str] = set()
    read = list(walked(server, notes=notes))
    assert notes == {"repeats"}
    assert len(read) < 20 * len(seconds) + 20


def test_contacts_without_a_time_of_change_are_read_by_page_numbers() -> None:
    record = total_expert.Contact.from_json({"id": 1})
    assert record is not None
    page = total_expert.Page((record,), 1, 3, 2, 5)
    following = reader.after(reader.Position(), page).position
    assert following is not None and following.by_number and following.page == 2
