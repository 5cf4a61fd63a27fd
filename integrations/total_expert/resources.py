"""What a resource offers: reading page by page; getting, creating, updating, deleting one.

Adding one is a record in `records` and a line in `catalogue`: the smallest of these classes that offers what the
API does, with the reader of its ids where records can be got by id. That is the reader of the record's `id` too; it
is said again because types are inferred from it.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from . import queries
from .calls import Caller, Request
from .errors import Rejected
from .pages import Page, read_page, walk
from .queries import Filter
from .records import Record, Reference, User
from .redaction import values_in
from .verdicts import unreadable

R = TypeVar("R", bound=Record)
Id = TypeVar("Id", bound=int | str)

#: Who owns what is created: a user, a reference to one, or a mapping with one of the properties that name one.
Owner = User | Reference | Mapping[str, Any]
_NAMES_A_USER = ("id", "username", "email", "external_id")


@dataclass(frozen=True)
class Created(Generic[Id]):
    """What a create made. `duplicate`: the record existed and was updated with what was sent."""

    id: Id
    duplicate: bool


class Endpoint:
    """A place below the environment's base address."""

    def __init__(self, caller: Caller, path: str) -> None:
        self._caller = caller
        self._path = queries.relative_path(path)

    def _one(self, id: int | str) -> str:
        return f"{self._path}/{queries.segment(id)}"


class Listing(Endpoint, Generic[R]):
    """A resource that can be listed.

    Filters are the vendor's, by name: ``{"owner_id": 14, "internal_updated_at_start": moment}``; all must
    hold. Their syntax can't quote, so a value with a comma or an equals sign raises Rejected before anything
    is sent. `sort` names properties, with a minus in front for descending order. `size` is at most 100. Every
    method raises the three errors.
    """

    def __init__(self, caller: Caller, path: str, kind: type[R]) -> None:
        super().__init__(caller, path)
        self._kind = kind

    def list(
        self, page: int = 1, size: int = 100, filter: Filter | None = None, sort: str | Iterable[str] = ()
    ) -> Page[R]:
        """One page. What it holds shifts while others create and delete records."""
        request = self._request(page, size, filter or {}, queries.order_of(sort))
        return self._read(self._caller.call(request), page, size)

    def pages(
        self,
        size: int = 100,
        filter: Filter | None = None,
        sort: str | Iterable[str] = (),
        start: int = 1,
        ahead: int = 2,
    ) -> Generator[Page[R], None, None]:
        """All pages from `start` on, with up to `ahead` fetched in advance by threads; 0 fetches none.

        The client's hooks run in the thread that iterates. Close the iterator when you stop early.
        """
        order = queries.order_of(sort)
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
        self, size: int = 100, filter: Filter | None = None, sort: str | Iterable[str] = (), ahead: int = 2
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


class GrowingCollection(Collection[R, Id]):
    """A resource whose records can also be created. `data` has the vendor's property names.

    Datetimes are sent in UTC as the vendor writes them.
    """

    def create(self, data: Mapping[str, Any], *, owner: Owner | None = None) -> Created[Id]:
        """Create a record, or update the one that the vendor takes for the same.

        As admin (client credentials) most resources want an `owner`: a user, a reference to one, or a mapping
        with the user's id, username, email or external_id. As user the owner is implied.
        """
        answer = self._caller.call(write("POST", self._path, with_owner(data, owner)))
        return read_created(answer, self._read_id, "POST", self._path)


class WritableCollection(GrowingCollection[R, Id]):
    """A resource whose records can also be created and updated."""

    def update(self, id: Id, data: Mapping[str, Any]) -> None:
        """Change what `data` names of a record; the rest stays."""
        self._caller.call(write("PATCH", self._one(id), data))


class Deleting(Collection[R, Id]):
    """A resource whose records can be deleted."""

    def delete(self, id: Id) -> None:
        """Delete a record. It is not repeated after a lost answer: then get() tells whether it is gone."""
        self._caller.call(Request("DELETE", self._one(id)))


class FullCollection(WritableCollection[R, Id], Deleting[R, Id]):
    """A resource whose records can be created, updated and deleted."""


class Customized(WritableCollection[R, Id]):
    """A resource whose records have custom fields, which the organization defines."""

    def set_custom_values(self, id: Id, values: Mapping[str, Any]) -> None:
        """Set custom fields of a record, by the `system_name` of each; None takes a value away."""
        self.update(id, {"custom": custom_values(values)})


class CustomizedFull(Customized[R, Id], FullCollection[R, Id]):
    """A resource with custom fields, whose records can also be deleted."""


def custom_values(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Custom values as the property `custom` of a create or update wants them."""
    return [{"field_name": name, "value": value} for name, value in values.items()]


def with_owner(data: Mapping[str, Any], owner: Owner | None) -> dict[str, Any]:
    """`data` for `owner`, if there is one. Raises Rejected when that is no way to name a user."""
    if owner is None:
        return dict(data)
    if "owner" in data:
        raise queries.invalid("The data names an owner already. Name the owner once.", code="owner")
    return {**data, "owner": named_user(owner)}


def named_user(user: Owner) -> dict[str, Any]:
    """What names a user in a request. Raises Rejected when nothing does."""
    given = user if isinstance(user, Mapping) else {name: getattr(user, name) for name in _NAMES_A_USER}
    named = {name: given[name] for name in _NAMES_A_USER if given.get(name)}
    if not named:
        raise queries.invalid("A user is named by id, username, email or external_id.", code="owner")
    return named if isinstance(user, Mapping) else dict([next(iter(named.items()))])


def write(method: str, path: str, data: Mapping[str, Any]) -> Request:
    """A request that sends `data` as JSON."""
    return Request(method, path, body=queries.encode_body(dict(data)), sent=tuple(values_in(data)))


def read_created(answer: Any, read_id: Callable[[Any], Id | None], method: str, path: str) -> Created[Id]:
    """What was created. Raises AnswerLost when the answer does not say."""
    made = read_id(answer.get("id")) if isinstance(answer, dict) else None
    if made is None:
        raise unreadable(method, path)
    return Created(made, duplicate="duplicate" in answer)
