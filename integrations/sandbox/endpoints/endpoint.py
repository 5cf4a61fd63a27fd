"""Declaration of endpoints that are not plain resources."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request

from ..engine.callers import Caller
from ..engine.responses import ApiResponse

MAX_BODY = 5 * 1024 * 1024
_CHUNK, _DRAINED_CHUNKS = 65_536, 512


@dataclass(frozen=True)
class ApiRequest:
    """A request to an endpoint.

    `id` is empty for the collection. `payload` is the JSON object of the body. `body` is used by endpoints that take
    binary data; if the data is too long, it has one byte more than allowed.
    """

    caller: Caller
    now: float
    host: str
    id: str
    arguments: Mapping[str, str]
    headers: Headers
    payload: dict[str, Any]
    body: bytes

    @property
    def organization(self) -> int:
        """The id of the caller's organization."""
        return self.caller.organization.id


Handler = Callable[[sqlite3.Connection, ApiRequest], ApiResponse]


@dataclass(frozen=True)
class Endpoint:
    """A path with its handlers by method, for the collection and for one item.

    A token needs one of `scopes`. Handlers run in the caller's transaction, which is read-only for GET.
    """

    path: str
    scopes: tuple[str, ...]
    collection: Mapping[str, Handler] = field(default_factory=dict)
    item: Mapping[str, Handler] = field(default_factory=dict)
    binary_body: bool = False
    assumptions: tuple[str, ...] = ()


def read_bounded(request: Request) -> bytes:
    """Read at most `MAX_BODY` bytes and one more, and discard the rest."""
    body = request.stream.read(MAX_BODY + 1)
    for _ in range(_DRAINED_CHUNKS):
        if not request.stream.read(_CHUNK):
            break
    return body
