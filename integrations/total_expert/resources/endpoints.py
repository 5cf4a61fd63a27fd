"""The operations that resources offer: list, get, create, update, delete.

To add a resource, write its record in `records` and a line in `catalog` with the smallest of these classes that covers
what the API offers. A resource with `get` also needs the parser of its ids, `parse.integer_id` or
`parse.text_id`: its type parameter is inferred from that.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..calls import Request, RequestSender
from ..errors import Rejected, TotalExpertError
from ..records import Record
from ..transport.error_mapping import unreadable_response
from ..transport.redaction import values_in
from ..transport.serialization import (
    Filter,
    json_body,
    list_query,
    path_segment,
    relative_path,
    sort_fields,
)
from .concurrency import send_each
from .pagination import Page, iterate_pages, parse_page
from .payloads import Owner, custom_values, with_owner

R = TypeVar("R", bound=Record)
Id = TypeVar("Id", bound=int | str)


@dataclass(frozen=True)
class Created(Generic[Id]):
    """The result of a create. `duplicate` means that the record existed and was updated with the data."""

    id: Id
    duplicate: bool


class Endpoint:
    """A path below the environment's base URL."""

    def __init__(self, sender: RequestSender, path: str) -> None:
        self._sender = sender
        self._path = relative_path(path)

    def _path_of(self, id: int | str) -> str:
        return f"{self._path}/{path_segment(id)}"


class ListResource(Endpoint, Generic[R]):
    """A resource whose records can be listed.

    `filter` has the vendor's names, as in ``{"owner_id": 14, "internal_updated_at_start": yesterday}``; a record must
    match all of them. The vendor's syntax has no quoting, so a value with a comma or an equals sign raises Rejected
    before anything is sent. `sort` is one or more property names, with a minus sign for descending order. `size` is
    the number of records per page, at most 100. Every method raises the three errors.
    """

    def __init__(self, sender: RequestSender, path: str, kind: type[R]) -> None:
        super().__init__(sender, path)
        self._kind = kind

    def list(
        self, page: int = 1, size: int = 100, filter: Filter | None = None, sort: str | Iterable[str] = ()
    ) -> Page[R]:
        """Return one page. Its content shifts while others create and delete records."""
        request = self._request(page, size, filter or {}, sort_fields(sort))
        return self._parse(self._sender.send(request), page, size)

    def pages(
        self,
        size: int = 100,
        filter: Filter | None = None,
        sort: str | Iterable[str] = (),
        start: int = 1,
        prefetch: int = 2,
    ) -> Generator[Page[R], None, None]:
        """Yield all pages from number `start` on. Threads fetch up to `prefetch` pages in advance; 0 fetches none.

        The client's hooks run in the thread that iterates. Close the generator if you stop early.
        """
        fields = sort_fields(sort)
        filters = dict(filter or {})
        self._request(start, size, filters, fields)  # invalid arguments raise here, not at the first page
        return iterate_pages(
            self._sender,
            lambda number: self._request(number, size, filters, fields),
            lambda data, number: self._parse_forward(data, number, size),
            start=start,
            prefetch=max(0, prefetch),
        )

    def all(
        self,
        size: int = 100,
        filter: Filter | None = None,
        sort: str | Iterable[str] = (),
        prefetch: int = 2,
    ) -> Generator[R, None, None]:
        """Yield every record. Raise Rejected after a page with invalid records, which `pages` returns.

        Records that others create or delete while you iterate shift the pages, so a record may come twice or not at
        all. Sort by something that only grows, and read again what changed since you started.
        """
        for page in self.pages(size, filter, sort, prefetch=prefetch):
            yield from page.items
            if page.unreadable:
                raise Rejected(
                    [
                        f"Page {page.number} has {len(page.unreadable)} items that are not valid records. Iterate "
                        "over pages() to skip them."
                    ],
                    code="unreadable_record",
                    method="GET",
                    path=self._path,
                )

    def _request(self, number: int, size: int, filter: Filter, sort: tuple[str, ...]) -> Request:
        query = list_query(number=number, size=size, filter=filter, sort=sort)
        return Request("GET", self._path, query=query, private_values=tuple(values_in(filter)))

    def _parse_forward(self, data: Any, number: int, size: int) -> Page[R]:
        """Return a page. Raise TryLater if its next link leads back, so that iterating always ends."""
        page = self._parse(data, number, size)
        if page.leads_back:
            raise unreadable_response("GET", self._path)
        return page

    def _parse(self, data: Any, number: int, size: int) -> Page[R]:
        return parse_page(data, self._kind, number=number, size=size, path=self._path)


class ReadResource(ListResource[R], Generic[R, Id]):
    """A resource whose records can be listed and retrieved by id."""

    def __init__(
        self, sender: RequestSender, path: str, kind: type[R], parse_id: Callable[[Any], Id | None]
    ) -> None:
        super().__init__(sender, path, kind)
        self._parse_id = parse_id

    def get(self, id: Id) -> R:
        """Return the record with this id. Raise Rejected with code "not_found" if none is visible."""
        path = self._path_of(id)
        record = self._kind.from_json(self._sender.send(Request("GET", path)))
        if record is None:
            raise unreadable_response("GET", path)
        return record


class CreateResource(ReadResource[R, Id]):
    """A resource whose records can also be created."""

    def create(self, data: Mapping[str, Any], *, owner: Owner | None = None) -> Created[Id]:
        """Create a record, or update the one that the vendor considers the same.

        `data` has the vendor's property names; datetimes are sent in UTC. As admin (client credentials), most
        resources need an `owner`: a User, a Reference to one, or a mapping with the user's id, username, email or
        external_id. As user, the owner is implied.
        """
        response = self._sender.send(write_request("POST", self._path, with_owner(data, owner)))
        return parse_created(response, self._parse_id, "POST", self._path)


class WriteResource(CreateResource[R, Id]):
    """A resource whose records can also be created and updated."""

    def update(self, id: Id, data: Mapping[str, Any]) -> None:
        """Change the properties of a record that `data` names."""
        self._sender.send(write_request("PATCH", self._path_of(id), data))

    def update_each(
        self, changes: Iterable[tuple[Id, Mapping[str, Any]]], *, concurrency: int = 4
    ) -> Generator[tuple[Id, TotalExpertError | None], None, None]:
        """Update many records, up to `concurrency` of them at once. Yield each id with its error, if any, in order.

        After TryLater or ReconnectRequired nothing more is started: changes whose ids are not yielded were never sent.
        The client's hooks run in the thread that iterates. Iterate to the end.
        """
        requests = ((id, write_request("PATCH", self._path_of(id), data)) for id, data in changes)
        for id, answer in send_each(self._sender, requests, concurrency=concurrency):
            yield id, answer if isinstance(answer, TotalExpertError) else None


class DeleteResource(ReadResource[R, Id]):
    """A resource whose records can also be deleted."""

    def delete(self, id: Id) -> None:
        """Delete a record. It is not retried after AnswerLost; `get` then shows whether the record is gone."""
        self._sender.send(Request("DELETE", self._path_of(id)))


class FullResource(WriteResource[R, Id], DeleteResource[R, Id]):
    """A resource whose records can also be created, updated and deleted."""


class CustomFieldResource(WriteResource[R, Id]):
    """A resource whose records can also be created and updated, and have custom fields."""

    def set_custom_values(self, id: Id, values: Mapping[str, Any]) -> None:
        """Set custom fields of a record, by their `system_name`. None clears a field."""
        self.update(id, {"custom": custom_values(values)})


class FullCustomFieldResource(CustomFieldResource[R, Id], FullResource[R, Id]):
    """A resource whose records can also be created, updated and deleted, and have custom fields."""


def write_request(method: str, path: str, data: Mapping[str, Any]) -> Request:
    """Return a request that sends `data` as JSON."""
    return Request(method, path, body=json_body(dict(data)), private_values=tuple(values_in(data)))


def parse_created(data: Any, parse_id: Callable[[Any], Id | None], method: str, path: str) -> Created[Id]:
    """Return the result in the response to a create. Raise AnswerLost if it has no id."""
    id = parse_id(data.get("id")) if isinstance(data, dict) else None
    if id is None:
        raise unreadable_response(method, path)
    return Created(id, duplicate="duplicate" in data)
