"""Pages of lists: sizes, links and orders."""

import random
from typing import Any

import pytest

from tests.integrations.sandbox.clients import Caller, InProcessSandbox, ada


def test_a_page_has_the_documented_envelope(admin: Caller) -> None:
    page = admin.get("contacts")
    assert set(page) == {"items", "links"}
    assert len(page["items"]) == 10
    assert page["links"] == {"first": 1, "last": 4, "next": 2, "prev": None}
    last = admin.get("contacts", **{"page[number]": 4})
    assert last["links"] == {"first": 1, "last": 4, "next": None, "prev": 3}


@pytest.mark.parametrize(
    ("query", "size", "first"),
    [
        ("page[number]=0", 10, 0),
        ("page%5Bnumber%5D=2&page%5Bsize%5D=5", 5, 5),
        ("page[size]=5&page[number]=2", 5, 5),
        ("page[size]=1000", 40, 0),
        ("page[size]=0", 10, 0),
        ("page[size]=-3&page[number]=-1", 10, 0),
        ("page[size]=many&page[number]=first", 10, 0),
        ("page[number]=5", 0, 0),
        ("page[number]=99999999999999", 10, 0),
    ],
)
def test_invalid_page_sizes_and_numbers_are_tolerated(
    admin: Caller, query: str, size: int, first: int
) -> None:
    every = [item["id"] for item in admin.items("contacts")]
    found = [item["id"] for item in admin.call("GET", f"contacts?{query}").json()["items"]]
    assert found == every[first : first + size]


def test_an_empty_list_has_one_page() -> None:
    page = InProcessSandbox(contacts=0).admin().get("contacts")
    assert page == {"items": [], "links": {"first": 1, "last": 1, "next": None, "prev": None}}


@pytest.mark.parametrize(
    "sort", ["", "id", "-id", "internal_updated_at", "-internal_updated_at", "last_name,-id"]
)
def test_the_pages_have_every_item_once_in_order(admin: Caller, sort: str) -> None:
    whole = admin.items("contacts", **({"sort": sort} if sort else {}))
    pages = [
        admin.get("contacts", sort=sort, **{"page[size]": 7, "page[number]": n})["items"] for n in range(1, 7)
    ]
    assert [item["id"] for page in pages for item in page] == [item["id"] for item in whole]
    assert len({item["id"] for item in whole}) == 40
    key = sort.lstrip("-").split(",")[0] or "id"
    values = [item[key].casefold() if key == "last_name" else item[key] for item in whole]
    assert values == sorted(values, reverse=sort.startswith("-"))


def test_several_sorts_are_applied_in_turn(admin: Caller) -> None:
    items = admin.items("contacts", sort="source,-first_name")
    keys = [(item["source"].casefold(), item["first_name"].casefold()) for item in items]
    expected = sorted(sorted(keys, key=lambda key: key[1], reverse=True), key=lambda key: key[0])
    assert keys == expected


@pytest.mark.parametrize("sort", ["owner", "nothing", "do_not_contact"])
def test_an_unknown_sort_is_rejected(admin: Caller, sort: str) -> None:
    assert admin.call("GET", "contacts", params={"sort": sort}).status_code == 422


def test_counts_change_with_creating_deleting_and_changing_owners(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    owner, heir = sandbox.officers()[:2]
    mine, theirs = sandbox.user(owner), sandbox.user(heir)

    def counts() -> tuple[int, int, int, int]:
        found = [
            caller.get("contacts", **{"page[size]": 1})["links"]["last"] for caller in (admin, mine, theirs)
        ]
        filtered = admin.get("contacts", filter=f"owner_id={owner['id']}", **{"page[size]": 1})["links"][
            "last"
        ]
        return (found[0], found[1], found[2], filtered)

    whole, own, others, filtered = counts()
    assert own == filtered
    id = mine.create("contacts", **ada()).json()["id"]
    assert counts() == (whole + 1, own + 1, others, own + 1)
    admin.update(f"contacts/{id}", owner={"id": heir["id"]})
    assert counts() == (whole + 1, own, others + 1, own)
    theirs.delete(f"contacts/{id}")
    assert counts() == (whole, own, others, own)


def test_pages_across_many_blocks_of_ids_agree_with_the_whole_list() -> None:
    sandbox = InProcessSandbox(contacts=1500)
    admin = sandbox.admin()
    rng = random.Random(4)
    for item in rng.sample(admin.items("contacts"), 60):
        assert admin.delete(f"contacts/{item['id']}").status_code in (200, 409)  # some are tied to loans
    assert len(admin.items("contacts")) < 1460
    for caller in (admin, sandbox.user(sandbox.officers()[0])):
        every = [item["id"] for item in caller.items("contacts", sort="-id")][::-1]
        for number in range(1, len(every) // 37 + 2):
            page = caller.get("contacts", **{"page[size]": 37, "page[number]": number})
            assert [item["id"] for item in page["items"]] == every[(number - 1) * 37 : number * 37]
            assert page["links"]["last"] == -(-len(every) // 37)


def test_lists_include_archived_contacts() -> None:
    admin = InProcessSandbox(contacts=300).admin()
    counted: dict[str, Any] = {
        value: len(admin.items("contacts", filter=f"archieved={value}")) for value in ("true", "0")
    }
    assert counted["true"] > 0
    assert counted["true"] + counted["0"] == 300
