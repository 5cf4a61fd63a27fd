"""Reading a list that changes meanwhile, from a server that is only a list."""

import datetime as dt
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
        ids.sort(key=lambda id: (self.changed[id], id) if self.sorts else (id * 7919) % 101)
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


def walked(server: Any, meanwhile: Callable[[], None] = lambda: None) -> Iterator[int]:
    """Return the IDs read from the beginning. Each position is stored and loaded again, as in a job."""
    position: reader.Position | None = reader.Position()
    for _ in range(500):
        if position is None:
            return
        position = reader.Position.load(reader.Position.dump(position))
        page = reader.fetch(server, position)
        yield from (item.id for item in page.items)
        position = reader.after(position, page)
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
    assert sorted(walked(server)) == list(range(1, 38))


def test_reading_ends_when_the_list_has_become_shorter() -> None:
    server = Server(dict.fromkeys(range(1, 12), 1), vanishes=True)
    walk_over = walked(server, lambda: [server.changed.pop(id, None) for id in range(6, 12)] and None)
    assert set(walk_over) == {1, 2, 3, 4, 5}


def test_a_first_page_out_of_range_is_an_error() -> None:
    def refuse() -> Any:
        raise total_expert.Rejected(["No."], code="page_out_of_range")

    with pytest.raises(total_expert.Rejected):
        reader.fetch_or_end(1, refuse)


def test_contacts_without_a_time_of_change_are_read_by_page_numbers() -> None:
    record = total_expert.Contact.from_json({"id": 1})
    assert record is not None
    page = total_expert.Page((record,), 1, 3, 2, 5)
    assert reader.after(reader.Position(), page) == reader.Position(page=2, by_number=True)
