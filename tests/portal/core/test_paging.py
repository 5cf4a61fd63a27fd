"""Pages of lists, by number and by key."""

import pytest
from django.http import QueryDict

from portal.core import clock, paging
from portal.organizations.models import Organization


def query(text: str = "") -> QueryDict:
    return QueryDict(text)


# --- By number ---------------------------------------------------------------------------------------------------------


def test_a_page_by_number_knows_its_position_and_its_neighbors() -> None:
    page = paging.numbered(range(120), query("page=2"))
    assert (page.rows, page.start, page.end, page.total) == (list(range(50, 100)), 51, 100, 120)
    assert (page.previous, page.next) == ({"page": "1"}, {"page": "3"})


def test_the_first_and_the_last_page_lead_nowhere_further() -> None:
    assert not paging.numbered(range(120), query()).previous
    assert not paging.numbered(range(120), query("page=3")).next


@pytest.mark.parametrize(("asked", "start"), [("page=99", 101), ("page=0", 101), ("page=x", 1), ("", 1)])
def test_a_page_that_does_not_exist_is_the_nearest_one(asked: str, start: int) -> None:
    assert paging.numbered(range(120), query(asked)).start == start


@pytest.mark.parametrize(
    ("asked", "size"), [("size=25", 25), ("size=7", 50), ("size=9999999", 50), ("size=", 50)]
)
def test_only_offered_page_sizes_count(asked: str, size: int) -> None:
    assert len(paging.numbered(range(120), query(asked))) == size


def test_an_empty_list_has_one_empty_page() -> None:
    page = paging.numbered([], query())
    assert (page.rows, page.total, page.sizes) == ([], 0, ())


# --- By key ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def ids_of_all(db: None) -> list[int]:
    """The ids of 130 rows, the newest first."""
    rows = [
        Organization(name=f"Lender {number}", slug=f"lender-{number}", created_at=clock.now())
        for number in range(130)
    ]
    return [row.pk for row in Organization.objects.bulk_create(rows)][::-1]


def ids(page: paging.Page[Organization]) -> list[int]:
    return [row.pk for row in page]


def follow(parameters: "dict[str, str]") -> QueryDict:
    asked = QueryDict(mutable=True)
    asked.update(parameters)
    return asked


def test_pages_by_key_go_through_the_whole_list_and_back(ids_of_all: list[int]) -> None:
    rows = Organization.objects.all()
    first = paging.newest_first(rows, query())
    second = paging.newest_first(rows, follow(dict(first.next)))
    third = paging.newest_first(rows, follow(dict(second.next)))
    assert ids(first) + ids(second) + ids(third) == ids_of_all
    assert [(page.start, page.end) for page in (first, second, third)] == [(1, 50), (51, 100), (101, 130)]
    assert not first.previous and not third.next
    back = paging.newest_first(rows, follow(dict(third.previous)))
    assert (ids(back), back.start) == (ids(second), 51)
    again = paging.newest_first(rows, follow(dict(back.previous)))
    assert (ids(again), again.start, again.previous) == (ids(first), 1, {})


def test_new_rows_above_do_not_shift_the_pages_below(ids_of_all: list[int]) -> None:
    first = paging.newest_first(Organization.objects.all(), query())
    Organization.objects.create(name="New", slug="new-one", created_at=clock.now())
    second = paging.newest_first(Organization.objects.all(), follow(dict(first.next)))
    assert ids(second) == ids_of_all[50:100]


def test_going_back_to_less_than_a_page_shows_the_first_page(ids_of_all: list[int]) -> None:
    page = paging.newest_first(Organization.objects.all(), query(f"after={ids_of_all[10]}&from=1"))
    assert (ids(page), page.start) == (ids_of_all[:50], 1)


@pytest.mark.parametrize(
    "asked", ["before=x", "before=-1", "after=99999999999999999999999", "before=%00", "from=x"]
)
def test_a_broken_key_leads_to_the_first_page(ids_of_all: list[int], asked: str) -> None:
    assert ids(paging.newest_first(Organization.objects.all(), query(asked))) == ids_of_all[:50]
