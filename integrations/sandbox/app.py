"""The sandbox as a WSGI application: routing, and the limits, request log, faults and latency around it."""

from __future__ import annotations

import json
import re
import time
import traceback
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from .control import limits
from .control.context import Context
from .control.faults import ConnectionDropped, Fault
from .control.limits import IncomingRequest, Limits
from .control.sandbox import DEFAULT_APPLICATION_NAME, DEFAULT_REDIRECT_URIS, Options, Sandbox
from .engine.errors import ApiError
from .engine.responses import ApiResponse
from .engine.storage.database import MEMORY
from .routes import find_view
from .seed.contacts import Seed
from .webhooks.http_post import post
from .webhooks.worker import Send

ADDRESS_HEADER = "X-Sandbox-Address"
_UNLOGGED = re.compile(r"/(favicon\.ico|_sandbox/.*)?")


def create_app(
    path: str = MEMORY,
    *,
    seed: int = 1,
    organizations: int = 2,
    contacts: int = 200,
    calls_per_minute: int = 1000,
    tokens_per_hour: int = 2,
    latency_ms: float = 0,
    application_name: str = DEFAULT_APPLICATION_NAME,
    redirect_uris: Sequence[str] = DEFAULT_REDIRECT_URIS,
    http_webhooks: bool = False,
    remote_webhooks: bool = False,
    send: Send = post,
    content: bytes | None = None,
) -> SandboxApp:
    """Return a sandbox over one SQLite file, or in memory, as a WSGI application.

    A file that is already a sandbox keeps its data; `seed`, `organizations` and `contacts` (per organization)
    apply to a new one. 0 means no limit. Webhooks are delivered on request (`POST /_sandbox/deliveries`), or in
    the background after `sandbox.delivery_worker.start()`. In memory, `content` is that of a sandbox's file to start with:
    copying is much faster than seeding. Raise `sqlite3.Error` if the file cannot be used.
    """
    options = Options(
        limits=Limits(calls_per_minute, tokens_per_hour),
        latency_ms=latency_ms,
        application_name=application_name,
        redirect_uris=tuple(redirect_uris),
        http_webhooks=http_webhooks,
        remote_webhooks=remote_webhooks,
        send=send,
    )
    return SandboxApp(Sandbox(path, Seed(seed, organizations, contacts), options, content))


class SandboxApp:
    """The WSGI application."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to one request. Raise `ConnectionDropped` if a fault cuts the connection."""
        request = Request(environ)
        path = "/" + re.sub(r"/{2,}", "/", request.path).strip("/")
        context = Context(self.sandbox, request)
        respond = _respond if _UNLOGGED.fullmatch(path) else self._respond_logged
        return respond(context, path)(environ, start_response)

    def _respond_logged(self, context: Context, path: str) -> Response:
        sandbox, request = self.sandbox, context.request
        _wait(request, sandbox.options.latency_ms / 1000)
        fault, changed = sandbox.faults.take(request.method, path)
        if changed:
            self._save_faults()
        if fault is not None:
            _wait(request, fault.delay_ms / 1000)
            if fault.drop == "before":
                raise ConnectionDropped("A fault cut the connection before the request took effect")
        incoming = IncomingRequest(
            at=sandbox.clock.now(),
            method=request.method,
            path=path,
            query=request.query_string.decode("latin-1"),
            address=source_address(request),
            is_token_request=path == "/v1/token",
            is_limited=path.startswith("/v1/") and path != "/v1/authorize",
        )
        with sandbox.database.write() as connection:
            number, error = limits.log_request(connection, sandbox.options.limits, incoming)
        if error is not None:
            if sandbox.faults.give_back(fault):
                self._save_faults()
            return error.response().to_wsgi()
        if fault is not None and fault.ignore:
            context = Context(sandbox, _without(request, fault.ignore))
        response = _respond(context, path, fault)
        if sandbox.faults.are_on_content and response.status_code == 200:
            response = self._spoil(request.method, path, response)
        with sandbox.database.write() as connection:
            limits.log_response(connection, number, response.status_code, context.client_id)
        if fault is not None and fault.drop == "after":
            raise ConnectionDropped("A fault cut the connection after the request took effect")
        return response

    def _spoil(self, method: str, path: str, response: Response) -> Response:
        """Apply the faults that need the real response."""
        try:
            data = json.loads(response.get_data())
        except ValueError:
            return response
        faults, changed = self.sandbox.faults.take_for_content(method, path, data)
        if changed:
            self._save_faults()
        for fault in faults:
            if fault.replaces_response:
                return fault.response().to_wsgi()
            data = fault.alter(data)
        return ApiResponse(200, data).to_wsgi() if faults else response

    def _save_faults(self) -> None:
        with self.sandbox.database.write() as connection:
            self.sandbox.faults.save(connection)


def _respond(context: Context, path: str, fault: Fault | None = None) -> Response:
    if fault is not None and fault.replaces_response:
        return fault.response().to_wsgi()
    try:
        return find_view(context.request.method, path)(context)
    except ApiError as error:
        return error.response().to_wsgi()
    except Exception:
        # Print the bug, and respond instead of cutting the connection.
        traceback.print_exc()
        return ApiError(500, "sandbox_error", "The sandbox failed; see its log").response().to_wsgi()


def _without(request: Request, names: Iterable[str]) -> Request:
    """Return the request without some query parameters."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in names]
    return Request({**request.environ, "QUERY_STRING": urlencode(kept)})


def _wait(request: Request, seconds: float) -> None:
    """Sleep. An in-process caller can pass its own sleep function as `sandbox.sleep` in the WSGI environment."""
    if seconds > 0:
        sleep: Any = request.environ.get("sandbox.sleep", time.sleep)
        sleep(seconds)


def source_address(request: Request) -> str:
    """Return the address that a request's limits count for.

    That is the peer's address. From this machine, `X-Sandbox-Address` can name another one.
    """
    peer = request.remote_addr or ""
    if peer == "::1" or peer.startswith("127."):
        return request.headers.get(ADDRESS_HEADER) or peer
    return peer
