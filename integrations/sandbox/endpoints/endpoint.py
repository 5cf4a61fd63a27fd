"""What describes an endpoint that is no plain resource: its methods, scopes, and what a handler is given."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request

from ..engine.callers import Caller
from ..engine.responses import Answer

LARGEST_BODY = 5 * 1024 * 1024
_CHUNK, _DRAINED_CHUNKS = 65_536, 512


@dataclass(frozen=True)
class Asked:
    """One request: who asks, when, and what. `id` is empty for the whole collection; `payload` is a decoded
    JSON object, `body` the bytes of an endpoint that takes those, one more than allowed where it is too long.
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


Handler = Callable[[sqlite3.Connection, Asked], Answer]


@dataclass(frozen=True)
class Endpoint:
    """One path with its handlers by method, for the collection and for one item of it.

    A token needs one of `scopes`. Handlers run in the transaction they are given, which is read-only for GET.
    """

    path: str
    scopes: tuple[str, ...]
    collection: Mapping[str, Handler] = field(default_factory=dict)
    item: Mapping[str, Handler] = field(default_factory=dict)
    takes_bytes: bool = False
    guesses: tuple[str, ...] = ()


def read_bounded(request: Request) -> bytes:
    """The body of a request up to the largest that is taken, and one byte more; the rest is passed over."""
    body = request.stream.read(LARGEST_BODY + 1)
    for _ in range(_DRAINED_CHUNKS):
        if not request.stream.read(_CHUNK):
            break
    return body
