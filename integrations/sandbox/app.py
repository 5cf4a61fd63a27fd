"""The emulator as a WSGI application: routing, limits, the log of requests, faults and latency around every
request.
"""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Iterable, Sequence
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from .api import Call
from .control import limits, start_page, views
from .control.faults import ConnectionDropped, Fault
from .control.limits import Arrival, Limits
from .control.world import DEFAULT_REDIRECT_URIS, Options, World
from .engine.responses import Refusal, not_found
from .engine.storage.database import MEMORY
from .seed.contacts import Seed
from .signin.authorize import AuthorizePages
from .webhooks.http_post import post
from .webhooks.worker import Send

ADDRESS_HEADER = "X-Sandbox-Address"


def create_app(
    path: str = MEMORY,
    *,
    seed: int = 1,
    organizations: int = 2,
    contacts: int = 200,
    calls_per_minute: int = 1000,
    tokens_per_hour: int = 2,
    latency_ms: float = 0,
    redirect_uris: Sequence[str] = DEFAULT_REDIRECT_URIS,
    http_webhooks: bool = False,
    remote_webhooks: bool = False,
    send: Send = post,
) -> Sandbox:
    """A world as a WSGI application, over one SQLite file or in memory; `contacts` are per organization.

    A file that already holds a world is taken as it is. A limit of 0 is none. Webhooks are delivered on request
    (`POST /_sandbox/deliveries`), or by a thread once `world.deliverer.start()` was called; `send` is how.
    """
    options = Options(
        Limits(calls_per_minute, tokens_per_hour),
        latency_ms,
        tuple(redirect_uris),
        http_webhooks,
        remote_webhooks,
        send,
    )
    return Sandbox(World(path, Seed(seed, organizations, contacts), options))


class Sandbox:
    """The WSGI application."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. Raises `ConnectionDropped` where a fault cuts the connection."""
        request = Request(environ)
        path = "/" + re.sub(r"/{2,}", "/", request.path).strip("/")
        return self._respond(request, path)(environ, start_response)

    def _respond(self, request: Request, path: str) -> Response:
        name = path.strip("/")
        try:
            if name.startswith("_sandbox/"):
                return views.handle(self.world, request, name.removeprefix("_sandbox/")).response()
            if not name:
                return start_page.show(self.world, request)
            if name == "favicon.ico":
                return Response(status=204)
            return self._respond_logged(request, path, name)
        except Refusal as refusal:
            return refusal.answer().response()
        except ConnectionDropped:
            raise
        except Exception:
            return _defect()

    def _respond_logged(self, request: Request, path: str, name: str) -> Response:
        world = self.world
        self._wait(request, world.options.latency_ms / 1000)
        fault, changed = world.faults.take(request.method, path)
        if changed:
            with world.store.write() as connection:
                world.faults.save(connection)
        if fault is not None:
            self._wait(request, fault.delay_ms / 1000)
            if fault.drop == "before":
                raise ConnectionDropped("A fault cut the connection before the request took effect")
        arrival = Arrival(
            at=world.clock.now(),
            method=request.method,
            path=path,
            query=request.query_string.decode("latin-1"),
            address=source_address(request),
            is_token_request=name == "v1/token",
            is_limited=name.startswith("v1/") and name != "v1/authorize",
        )
        with world.store.write() as connection:
            number, refusal = limits.enter(connection, world.options.limits, arrival)
        if refusal is not None:
            if world.faults.give_back(fault):
                with world.store.write() as connection:
                    world.faults.save(connection)
            return refusal.answer().response()
        client_id, response = self._carry_out(request, name, fault)
        with world.store.write() as connection:
            limits.leave(connection, number, response.status_code, client_id)
        if fault is not None and fault.drop == "after":
            raise ConnectionDropped("A fault cut the connection after the request took effect")
        return response

    def _carry_out(self, request: Request, name: str, fault: Fault | None) -> tuple[str | None, Response]:
        """The client id, once it is known, and the response: a fault's, a page's or the API's."""
        if fault is not None and fault.replaces_the_answer:
            return None, fault.answer().response()
        call = Call(self.world, request)
        try:
            if name == "v1/authorize":
                return request.args.get("client_id"), self._authorize(request)
            if not name.startswith("v1/"):
                raise not_found()
            response = call.answer(name.removeprefix("v1/")).response()
        except Refusal as refusal:
            response = refusal.answer().response()
        except Exception:
            response = _defect()
        return call.client_id, response

    def _authorize(self, request: Request) -> Response:
        world = self.world
        pages = AuthorizePages(
            world.store, request, redirect_uris=world.options.redirect_uris, now=world.clock.now()
        )
        return pages.respond()

    def _wait(self, request: Request, seconds: float) -> None:
        """Let time pass; whoever calls the application in-process may pass its own way to wait as
        `sandbox.sleep`.
        """
        if seconds > 0:
            sleep: Any = request.environ.get("sandbox.sleep", time.sleep)
            sleep(seconds)


def _defect() -> Response:
    """A defect of the emulator must be seen by whoever runs it, and not cut the connection."""
    traceback.print_exc()
    return Refusal(500, "sandbox_error", "The emulator failed; see its log").answer().response()


def source_address(request: Request) -> str:
    """The address whose limits a request uses: the peer's or, from loopback, the one that a header plays."""
    peer = request.remote_addr or ""
    if peer == "::1" or peer.startswith("127."):
        return request.headers.get(ADDRESS_HEADER) or peer
    return peer
