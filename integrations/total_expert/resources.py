"""What a resource offers: reading page by page; getting, creating, updating, deleting one.

Adding one is a record in `records` and a line in `Client`: the smallest of these classes that offers what the
API does.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from . import queries
from .calls import Caller, Request
from .errors import Rejected
from .pages import Page, read_page, walk
from .queries import Filter
from .records import Record
from .redaction import values_in
from .verdicts import unreadable

R = TypeVar("R", bound=Record)
Id = TypeVar("Id", bound=int | str)


@dataclass(frozen=True)
class Created(Generic[Id]):
    """What a create made. `duplicate`: the record existed and was updated with what was sent."""

    id: Id
    duplicate: bool


class Listing(Generic[R]):
    """A resource that can be listed.

    Filters are the vendor's, by name: ``{"owner_id": 14, "internal_updated_at_start": moment}``; all must
    hold. Their syntax can't quote, so a value with a comma or an equals sign raises Rejected before anything
    is sent. `sort` names properties, with a minus in front for descending order. `size` is at most 100. Every
    method raises the three errors.
    """

    def __init__(self, caller: Caller, path: str, kind: type[R]) -> None:
        self._caller = caller
        self._path = queries.relative_path(path)
        self._kind = kind

    def list(
        self, page: int = 1, size: int = 100, filter: Filter | None = None, sort: Iterable[str] = ()
    ) -> Page[R]:
        """One page. What it holds shifts while others create and delete records."""
        request = self._request(page, size, filter or {}, tuple([sort] if isinstance(sort, str) else sort))
        return self._read(self._caller.call(request), page, size)

    def pages(
        self,
        size: int = 100,
        filter: Filter | None = None,
        sort: Iterable[str] = (),
        start: int = 1,
        ahead: int = 2,
    ) -> Generator[Page[R], None, None]:
        """All pages from `start` on, with up to `ahead` fetched in advance by threads; 0 fetches none.

        The client's hooks run in the thread that iterates. Close the iterator when you stop early.
        """
        order = tuple([sort] if isinstance(sort, str) else sort)
        chosen = dict(filter or {})
        self._request(start, size, chosen, order)
        return walk(
            self._caller,
            lambda number: self._request(number, size, chosen, order),
            lambda data, number: self._read(data, number, size),
            start=start,
            ahead=max(0, ahead),
        )

    def all(
        self, size: int = 100, filter: Filter | None = None, sort: Iterable[str] = (), ahead: int = 2
    ) -> Generator[R, None, None]:
        """Every record. Raises Rejected at a page that holds something else; `pages` shows what that is.

        Records that are created or deleted meanwhile shift the pages, so one may come twice or not at all:
        sort by something that only grows, and read again what changed since you began.
        """
        for page in self.pages(size, filter, sort, ahead=ahead):
            yield from page.items
            if page.unreadable:
                raise Rejected(
                    [
                        f"Page {page.number} holds {len(page.unreadable)} items that are no records. Walk "
                        f"over pages() "
                        "to go on without them."
                    ],
                    code="unreadable_record",
                    method="GET",
                    path=self._path,
                )

    def _request(self, number: int, size: int, filter: Filter, sort: tuple[str, ...]) -> Request:
        query = queries.list_query(number=number, size=size, filter=filter, sort=sort)
        return Request("GET", self._path, query=query, sent=tuple(values_in(filter)))

    def _read(self, data: Any, number: int, size: int) -> Page[R]:
        return read_page(data, self._kind, number=number, size=size, path=self._path)


class Collection(Listing[R], Generic[R, Id]):
    """A resource whose records can also be got one by one."""

    def __init__(self, caller: Caller, path: str, kind: type[R], read_id: Callable[[Any], Id | None]) -> None:
        super().__init__(caller, path, kind)
        self._read_id = read_id

    def get(self, id: Id) -> R:
        """The record with this id. Raises Rejected with code "not_found" when there is none to be seen."""
        path = self._one(id)
        record = self._kind.read(self._caller.call(Request("GET", path)))
        if record is None:
            raise unreadable("GET", path)
        return record

    def _one(self, id: Id) -> str:
        return f"{self._path}/{queries.segment(id)}"


class WritableCollection(Collection[R, Id]):
    """A resource whose records can also be created and updated. `data` has the vendor's property names.

    As admin (client credentials) most resources want an `owner`; as user the owner is implied. Datetimes are
    sent in UTC as the vendor writes them.
    """

    def create(self, data: Mapping[str, Any]) -> Created[Id]:
        """Create a record, or update the one that the vendor takes for the same."""
        answer = self._caller.call(self._write("POST", self._path, data))
        made = self._read_id(answer.get("id")) if isinstance(answer, dict) else None
        if made is None:
            raise unreadable("POST", self._path)
        return Created(made, duplicate="duplicate" in answer)

    def update(self, id: Id, data: Mapping[str, Any]) -> None:
        """Change what `data` names of a record; the rest stays."""
        self._caller.call(self._write("PATCH", self._one(id), data))

    def _write(self, method: str, path: str, data: Mapping[str, Any]) -> Request:
        return Request(method, path, body=queries.encode_body(dict(data)), sent=tuple(values_in(data)))


class FullCollection(WritableCollection[R, Id]):
    """A resource whose records can also be deleted."""

    def delete(self, id: Id) -> None:
        """Delete a record. It is not repeated after a lost answer: then get() tells whether it is gone."""
        self._caller.call(Request("DELETE", self._one(id)))
