"""Pages, and iterating over them."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.total_expert import Call, ContactGroup, Page, Rejected, TryLater
from integrations.total_expert.resources import pagination
from integrations.total_expert.resources.pagination import MAX_ITEMS, parse_page
from tests.integrations.total_expert.sandbox_server import SandboxServer
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response


def read(data: Any, number: int = 1) -> Page[ContactGroup]:
    return parse_page(data, ContactGroup, number=number, size=100, path="/contact-groups")


LINKS = {"first": 1, "last": 3, "next": 2, "prev": None}


def test_a_page_has_its_number_and_links() -> None:
    page = read({"items": [{"id": 1, "group_name": "A"}], "links": LINKS})
    assert (page.number, page.last, page.next, page.size) == (1, 3, 2, 100)
    assert [item.group_name for item in page.items] == ["A"]


def test_the_list_may_be_named_objects_and_links_may_be_text() -> None:
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
    [None, 5, "x", {}, {"items": []}, {"links": LINKS}, {"items": {"a": 1}, "links": LINKS}, {"items": [], "links": [1]},
     {"items": [], "links": {"next": "soon"}}, {"error": "x"},
     {"items": "x", "links": {}}, {"items": True, "links": {}}, {"items": [], "links": "x"},
     {"items": [], "links": {"next": True}}, {"items": [], "links": {"next": [2]}},
     {"items": [], "links": {"next": 2.5}}, {"items": [], "links": {"next": "-"}},
     {"items": {"0": {}, "id": 1}, "links": {}}, {"items": [], "links": {"next": "9" * 5000}}],
)  # fmt: skip
def test_an_invalid_page_raises_try_later(data: Any) -> None:
    with pytest.raises(TryLater) as refused:
        read(data)
    assert (refused.value.method, refused.value.path) == ("GET", "/contact-groups")


@pytest.mark.parametrize("next", [2, 1, 0, -3, "2"])
def test_a_next_link_that_leads_back_is_not_followed(next: Any) -> None:
    page = read({"items": [{"id": 1}], "links": {"next": next}}, number=2)
    assert (page.next, page.leads_back) == (None, True)


@pytest.mark.parametrize(
    ("next", "number"),
    [
        ("https://public.totalexpert.net/v1/contacts?page[number]=2&page[size]=100", 2),
        ("https://public.totalexpert.net/v1/contacts?page%5Bnumber%5D=2", 2),
        ("/v1/contacts?page%5Bsize%5D=100&page%5Bnumber%5D=17", 17),
        ("?page=3", 3),
        ("https://elsewhere.example/steal?page[number]=2", 2),
    ],
)
def test_only_the_page_number_of_a_url_is_read(next: str, number: int) -> None:
    page = read({"items": [{"id": 1}], "links": {"next": next, "last": next}})
    assert (page.next, page.last) == (number, number)


@pytest.mark.parametrize(
    "next",
    ["?", "?page[number]=", "?page[number]=two", "?page[number]=2&page[number]=3", "?offset=100",
     "https://x.example/" + "a" * 9000 + "?page=2", "?" + "a&" * 1500, "?" + "&a=1" * 100],
)  # fmt: skip
def test_a_url_without_a_clear_page_number_raises_try_later(next: str) -> None:
    with pytest.raises(TryLater):
        read({"items": [{"id": 1}], "links": {"next": next}})


def test_iterating_over_a_list_that_leads_back_raises_try_later(scripted: ScriptedServer) -> None:
    scripted.answer(*answers(([1], 3, 2), ([2], 3, 2)))
    with scripted.client() as client, pytest.raises(TryLater):
        list(client.contacts.all(prefetch=0))


@pytest.mark.parametrize("nothing", [None, "", False, [], {}])
def test_anything_empty_means_no_next_page(nothing: Any) -> None:
    page = read({"items": [{"id": 1}], "links": {"first": 1, "last": 1, "next": nothing, "prev": nothing}})
    assert (len(page.items), page.next, page.last) == (1, None, 1)


@pytest.mark.parametrize("links", [[], {}, None, "", False])
def test_no_links_mean_one_page(links: Any) -> None:
    page = read({"items": [{"id": 1}], "links": links})
    assert (len(page.items), page.next, page.last) == (1, None, 1)


@pytest.mark.parametrize(
    ("items", "ids"),
    [([], []), ({}, []), (None, []), ("", []), (False, []), ({"0": {"id": 7}, "1": {"id": 5}}, [7, 5]),
     ({"10": {"id": 3}, "9": {"id": 2}, "1": {"id": 1}}, [1, 2, 3]), ({"3": {"id": "8"}}, [8])],
)  # fmt: skip
@pytest.mark.parametrize("name", ["items", "objects"])
def test_a_list_may_look_as_php_writes_it(name: str, items: Any, ids: list[int]) -> None:
    page = read({name: items, "links": {"next": "2"}})
    assert ([item.id for item in page.items], page.next) == (ids, 2)


@pytest.mark.parametrize("count", [MAX_ITEMS + 1, 150_000])
def test_a_page_with_far_more_items_than_requested_is_refused(count: int) -> None:
    for data in ([{"id": 1}] * count, {"items": [{"id": 1}] * count, "links": {"next": None}}):
        with pytest.raises(Rejected) as refused:
            read(data)
        assert (refused.value.code, refused.value.path) == ("too_large", "/contact-groups")


def test_a_server_that_ignores_the_page_size_is_read() -> None:
    assert len(read([{"id": number} for number in range(1, 1001)]).items) == 1000


def test_iteration_over_an_endless_list_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "MAX_PAGES", 7)
    pages = pagination._iterate(
        1,
        lambda number: {"items": [{"id": number}], "links": {"next": number + 1}},
        lambda data, number: read(data, number),
        lambda page: None,
    )
    seen = []
    with pytest.raises(Rejected) as refused:
        for page in pages:
            seen.append(page.number)
    assert (seen, refused.value.code) == ([1, 2, 3, 4, 5, 6, 7], "too_large")


@pytest.mark.parametrize(
    ("id", "read_as"),
    [("1234567890123456789", 1234567890123456789), (str(2**63 - 1), 2**63 - 1), ("0" * 40 + "14", 14), (" 14\n", 14),
     (2**63 - 1, 2**63 - 1), (14.0, 14), (str(2**63), None), (2**63, None), (10**30, None), ("9" * 90, None),
     ("1" * 5000, None), (1e25, None), (9.1e18, None), ("1e3", None), ("٣", None), ("²", None), ("--1", None),
     ("1_000", None), ("+7", None)],
)  # fmt: skip
def test_an_id_of_any_length_is_an_integer_or_costs_its_record_only(id: Any, read_as: int | None) -> None:
    page = read({"items": [{"id": id}, {"id": 2}], "links": {"next": None}})
    assert [item.id for item in page.items] == ([2] if read_as is None else [read_as, 2])
    assert len(page.unreadable) == (read_as is None)


def test_an_invalid_record_does_not_hide_the_others() -> None:
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
def test_any_json_is_a_page_or_raises_try_later(data: Any) -> None:
    try:
        page = read(data)
    except TryLater:
        return
    assert page.next is None or page.next > page.number
    assert page.last >= page.number


def numbers(sandbox: SandboxServer) -> list[int]:
    return [int(row["query"].split("number%5D=")[1].split("&")[0]) for row in sandbox.requests("/contacts")]


@pytest.mark.parametrize("ahead", [0, 1, 2, 5])
def test_every_record_is_returned_once_and_in_order(make_sandbox: type[SandboxServer], ahead: int) -> None:
    sandbox = make_sandbox(contacts=95)
    with sandbox.client() as client:
        ids = [contact.id for contact in client.contacts.all(size=10, sort="id", prefetch=ahead)]
    assert len(ids) == 95
    assert ids == sorted(set(ids))
    assert sorted(numbers(sandbox)) == list(range(1, 11))


def test_iteration_can_start_at_any_page(make_sandbox: type[SandboxServer]) -> None:
    sandbox = make_sandbox(contacts=95)
    with sandbox.client() as client:
        pages = list(client.contacts.pages(size=10, start=8))
    assert [page.number for page in pages] == [8, 9, 10]
    assert [len(page.items) for page in pages] == [10, 10, 5]


def test_pages_are_fetched_in_advance(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        pages = client.contacts.pages(size=5, prefetch=2)
        first = next(pages)
        deadline = time.monotonic() + 60
        while len(sandbox.requests("/contacts")) < 3 and time.monotonic() < deadline:
            time.sleep(0.005)
        assert first.number == 1
        assert sorted(numbers(sandbox)) == [1, 2, 3]
        pages.close()


def test_prefetching_stops_at_its_limit_and_at_the_last_page(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        pages = client.contacts.pages(size=5, prefetch=3)
        next(pages)
        pages.close()
        assert max(numbers(sandbox)) <= 4
        list(client.contacts.pages(size=10, prefetch=50))
    assert max(numbers(sandbox)) <= 4


def test_each_call_reports_its_own_wait_for_a_permit(sandbox: SandboxServer) -> None:
    seen: list[Call] = []
    takes = iter([0.0, 0.06, 0.11, 0.8])
    with sandbox.client(
        observe=seen.append, permit=lambda method, path: time.sleep(next(takes, 0.0))
    ) as client:
        list(client.contacts.pages(size=10, prefetch=2))
    waits = sorted(call.waited for call in seen)[-4:]
    assert waits[3] >= 0.8 > waits[0]
    assert waits[1] >= 0.06 and waits[2] >= 0.11


def test_stopping_early_leaves_no_thread_and_no_unobserved_call(sandbox: SandboxServer) -> None:
    seen: list[Call] = []
    with sandbox.client(observe=seen.append) as client:
        for contact in client.contacts.all(size=2, prefetch=4):
            assert contact.id
            break
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("total-expert-prefetch")]
    assert len([call for call in seen if call.path == "/contacts"]) == len(sandbox.requests("/contacts"))


def test_hooks_run_in_the_iterating_thread(sandbox: SandboxServer) -> None:
    threads: set[str] = set()

    def note(*_: Any) -> None:
        threads.add(threading.current_thread().name)

    with sandbox.client(permit=note, observe=note) as client:
        sandbox.fault({"method": "GET", "path": "/v1/contacts", "status": 503, "times": 2})
        assert len(list(client.contacts.all(size=5, prefetch=3))) == 30
    assert threads == {threading.current_thread().name}


def test_a_503_between_pages_is_retried(sandbox: SandboxServer) -> None:
    with sandbox.client(sleep=lambda seconds: None) as client:
        pages = client.contacts.pages(size=5, prefetch=2)
        ids = [contact.id for contact in next(pages).items]
        sandbox.fault({"method": "GET", "path": "/v1/contacts", "status": 503, "times": 2})
        ids += [contact.id for page in pages for contact in page.items]
    assert len(set(ids)) == 30


def test_a_token_that_expires_between_pages_costs_one_token_request(
    make_sandbox: type[SandboxServer],
) -> None:
    sandbox = make_sandbox(contacts=95)
    with sandbox.client() as client:
        pages = client.contacts.pages(size=5, prefetch=4)
        count = len(next(pages).items)
        sandbox.advance_clock(3601)
        count += sum(len(page.items) for page in pages)
    assert count == 95
    assert len(sandbox.requests("/token")) == 2


def test_a_refused_permit_for_the_next_page_does_not_withhold_this_one(sandbox: SandboxServer) -> None:
    allowed = iter([True] * 2 + [False] * 10)

    def permit(method: str, path: str) -> None:
        if not next(allowed):
            raise TryLater("The calls of this minute are used up.", after=9)

    with sandbox.client(permit=permit) as client:
        pages = client.contacts.pages(size=5, prefetch=2)
        assert len(next(pages).items) == 5
        with pytest.raises(TryLater) as refused:
            next(pages)
    assert refused.value.after == 9


def answers(*pages: tuple[list[int], int, int | None]) -> Iterator[bytes]:
    for ids, last, following in pages:
        items = ", ".join(f'{{"id": {id}}}' for id in ids)
        links = f'{{"first": 1, "last": {last}, "next": {following or "null"}, "prev": null}}'
        yield http_response(f'{{"items": [{items}], "links": {links}}}'.encode())


def test_iteration_ends_if_the_list_became_shorter(scripted: ScriptedServer) -> None:
    gone = http_response(b'{"error": "Page requested is outside of result set"}', "422 Unprocessable")
    scripted.answer(*answers(([1], 3, 2), ([2], 3, 3)), gone)
    with scripted.client() as client:
        assert [contact.id for contact in client.contacts.all(prefetch=0)] == [1, 2]
        scripted.answer(gone)
        with pytest.raises(Rejected) as refused:
            client.contacts.list(page=9)
    assert refused.value.code == "page_out_of_range"


def test_a_link_that_skips_pages_is_followed(scripted: ScriptedServer) -> None:
    scripted.answer(*answers(([1], 5, 4), ([2], 5, 3), ([4], 5, None)))
    with scripted.client() as client:
        pages = client.contacts.pages(prefetch=1)
        assert next(pages).next == 4
        assert next(pages).number == 4


def test_all_raises_at_an_invalid_record(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b'{"items": [{"id": 1}, {}], "links": {"next": null}}'))
    with scripted.client() as client:
        contacts = client.contacts.all()
        assert next(contacts).id == 1
        with pytest.raises(Rejected) as refused:
            next(contacts)
    assert refused.value.code == "unreadable_record"
