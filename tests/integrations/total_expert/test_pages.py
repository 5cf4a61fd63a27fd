"""Pages and walking through them."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.total_expert import Call, ContactGroup, Page, Rejected, TryLater
from integrations.total_expert.pages import read_page
from tests.integrations.total_expert.conftest import Emulator, Scripted
from tests.integrations.total_expert.test_transport import http


def read(data: Any, number: int = 1) -> Page[ContactGroup]:
    return read_page(data, ContactGroup, number=number, size=100, path="/contact-groups")


LINKS = {"first": 1, "last": 3, "next": 2, "prev": None}


def test_a_page_knows_where_it_stands() -> None:
    page = read({"items": [{"id": 1, "group_name": "A"}], "links": LINKS})
    assert (page.number, page.last, page.next, page.size) == (1, 3, 2, 100)
    assert [item.group_name for item in page.items] == ["A"]


def test_the_list_may_be_called_objects_and_links_may_be_text() -> None:
    page = read({"objects": [{"id": 1}], "links": {"first": "1", "last": "3", "next": "2", "prev": None}})
    assert ([item.id for item in page.items], page.last, page.next) == ([1], 3, 2)


def test_a_bare_list_is_the_only_page() -> None:
    page = read([{"id": 1}])
    assert (len(page.items), page.last, page.next) == (1, 1, None)


def test_an_empty_list_has_one_empty_page() -> None:
    page = read({"items": [], "links": {"first": 1, "last": 0, "next": None, "prev": None}})
    assert (page.items, page.last, page.next) == ((), 1, None)


@pytest.mark.parametrize(
    "data",
    [None, 5, "x", {}, {"items": []}, {"links": LINKS}, {"items": {}, "links": LINKS}, {"items": [], "links": []},
     {"items": [], "links": {"next": "soon"}}, {"items": [], "links": {"next": 1}}, {"error": "x"}],
)  # fmt: skip
def test_what_is_no_page_is_tried_later(data: Any) -> None:
    with pytest.raises(TryLater) as refused:
        read(data)
    assert (refused.value.method, refused.value.path) == ("GET", "/contact-groups")


def test_a_bad_record_does_not_hide_the_others() -> None:
    page = read({"items": [{"id": 1}, {"id": None}, "x", {"id": 2}], "links": {"next": None}})
    assert [item.id for item in page.items] == [1, 2]
    assert page.unreadable == ({"id": None}, "x")
    assert "unreadable" not in repr(page)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["items", "objects", "links", "next", "last", "id", "x"]), inner, max_size=4
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_any_json_is_a_page_or_is_tried_later(data: Any) -> None:
    try:
        page = read(data)
    except TryLater:
        return
    assert page.next is None or page.next > page.number
    assert page.last >= page.number


def numbers(emulator: Emulator) -> list[int]:
    return [int(row["query"].split("number%5D=")[1].split("&")[0]) for row in emulator.requests("/contacts")]


@pytest.mark.parametrize("ahead", [0, 1, 2, 5])
def test_every_record_comes_once_and_in_order(make_emulator: type[Emulator], ahead: int) -> None:
    emulator = make_emulator(contacts=95)
    with emulator.client() as client:
        ids = [contact.id for contact in client.contacts.all(size=10, sort="id", ahead=ahead)]
    assert len(ids) == 95
    assert ids == sorted(set(ids))
    assert sorted(numbers(emulator)) == list(range(1, 11))


def test_pages_can_start_in_the_middle(make_emulator: type[Emulator]) -> None:
    emulator = make_emulator(contacts=95)
    with emulator.client() as client:
        pages = list(client.contacts.pages(size=10, start=8))
    assert [page.number for page in pages] == [8, 9, 10]
    assert [len(page.items) for page in pages] == [10, 10, 5]


def test_pages_are_fetched_while_the_caller_works(emulator: Emulator) -> None:
    with emulator.client() as client:
        pages = client.contacts.pages(size=5, ahead=2)
        first = next(pages)
        deadline = time.monotonic() + 60
        while len(emulator.requests("/contacts")) < 3 and time.monotonic() < deadline:
            time.sleep(0.005)
        assert first.number == 1
        assert sorted(numbers(emulator)) == [1, 2, 3]
        pages.close()


def test_no_more_is_fetched_ahead_than_asked_for_nor_beyond_the_end(emulator: Emulator) -> None:
    with emulator.client() as client:
        pages = client.contacts.pages(size=5, ahead=3)
        next(pages)
        pages.close()
        assert max(numbers(emulator)) <= 4
        list(client.contacts.pages(size=10, ahead=50))
    assert max(numbers(emulator)) <= 4


def test_each_call_says_what_its_own_permit_took(emulator: Emulator) -> None:
    seen: list[Call] = []
    takes = iter([0.0, 0.06, 0.11, 0.8])
    with emulator.client(
        observe=seen.append, permit=lambda method, path: time.sleep(next(takes, 0.0))
    ) as client:
        list(client.contacts.pages(size=10, ahead=2))
    waits = sorted(call.waited for call in seen)[-4:]
    assert waits[3] >= 0.8 > waits[0]
    assert waits[1] >= 0.06 and waits[2] >= 0.11


def test_stopping_early_leaves_no_thread_and_every_sent_call_observed(emulator: Emulator) -> None:
    seen: list[Call] = []
    with emulator.client(observe=seen.append) as client:
        for contact in client.contacts.all(size=2, ahead=4):
            assert contact.id
            break
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("total-expert-ahead")]
    assert len([call for call in seen if call.path == "/contacts"]) == len(emulator.requests("/contacts"))


def test_hooks_run_in_the_thread_that_iterates(emulator: Emulator) -> None:
    threads: set[str] = set()

    def note(*_: Any) -> None:
        threads.add(threading.current_thread().name)

    with emulator.client(permit=note, observe=note) as client:
        emulator.fault({"method": "GET", "path": "/v1/contacts", "status": 503, "times": 2})
        assert len(list(client.contacts.all(size=5, ahead=3))) == 30
    assert threads == {threading.current_thread().name}


def test_a_503_in_the_middle_is_repeated_and_nothing_is_lost(emulator: Emulator) -> None:
    with emulator.client(sleep=lambda seconds: None) as client:
        pages = client.contacts.pages(size=5, ahead=2)
        ids = [contact.id for contact in next(pages).items]
        emulator.fault({"method": "GET", "path": "/v1/contacts", "status": 503, "times": 2})
        ids += [contact.id for page in pages for contact in page.items]
    assert len(set(ids)) == 30


def test_a_token_that_expires_in_the_middle_costs_one_request(make_emulator: type[Emulator]) -> None:
    emulator = make_emulator(contacts=95)
    with emulator.client() as client:
        pages = client.contacts.pages(size=5, ahead=4)
        count = len(next(pages).items)
        emulator.pass_time(3601)
        count += sum(len(page.items) for page in pages)
    assert count == 95
    assert len(emulator.requests("/token")) == 2


def test_a_refused_permit_ahead_does_not_withhold_the_page_that_is_there(emulator: Emulator) -> None:
    allowed = iter([True] * 2 + [False] * 10)

    def permit(method: str, path: str) -> None:
        if not next(allowed):
            raise TryLater("The calls of this minute are used up.", after=9)

    with emulator.client(permit=permit) as client:
        pages = client.contacts.pages(size=5, ahead=2)
        assert len(next(pages).items) == 5
        with pytest.raises(TryLater) as refused:
            next(pages)
    assert refused.value.after == 9


def answers(*pages: tuple[list[int], int, int | None]) -> Iterator[bytes]:
    for ids, last, following in pages:
        items = ", ".join(f'{{"id": {id}}}' for id in ids)
        links = f'{{"first": 1, "last": {last}, "next": {following or "null"}, "prev": null}}'
        yield http(f'{{"items": [{items}], "links": {links}}}'.encode())


def test_a_list_that_became_shorter_meanwhile_just_ends(scripted: Scripted) -> None:
    gone = http(b'{"error": "Page requested is outside of result set"}', "422 Unprocessable")
    scripted.answer(*answers(([1], 3, 2), ([2], 3, 3)), gone)
    with scripted.client() as client:
        assert [contact.id for contact in client.contacts.all(ahead=0)] == [1, 2]
        scripted.answer(gone)
        with pytest.raises(Rejected) as refused:
            client.contacts.list(page=9)
    assert refused.value.code == "page_out_of_range"


def test_a_link_that_skips_pages_is_followed(scripted: Scripted) -> None:
    scripted.answer(*answers(([1], 5, 4), ([2], 5, 3), ([4], 5, None)))
    with scripted.client() as client:
        pages = client.contacts.pages(ahead=1)
        assert next(pages).next == 4
        assert next(pages).number == 4


def test_all_stops_loudly_at_what_is_no_record(scripted: Scripted) -> None:
    scripted.answer(http(b'{"items": [{"id": 1}, {}], "links": {"next": null}}'))
    with scripted.client() as client:
        contacts = client.contacts.all()
        assert next(contacts).id == 1
        with pytest.raises(Rejected) as refused:
            next(contacts)
    assert refused.value.code == "unreadable_record"
