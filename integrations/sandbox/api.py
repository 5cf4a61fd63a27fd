"""The views under /v1: sign-in, tokens, heartbeat, teapot, and the requests to resources and endpoints."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from .control.context import Context
from .endpoints.endpoint import ApiRequest, Endpoint, Handler, read_bounded
from .engine import crud
from .engine.callers import Caller
from .engine.errors import ApiError, insufficient_scope
from .engine.listing.pages import list_page
from .engine.responses import ApiResponse
from .engine.schema.resource import Resource
from .signin.authorize import AuthorizePages
from .signin.bearer import authenticate
from .signin.token_endpoint import TokenEndpoint

Write = Callable[[sqlite3.Connection, Caller, dict[str, Any]], ApiResponse]


def authorize(context: Context) -> Response:
    """Show the sign-in or consent page, or redirect to the application."""
    sandbox, request = context.sandbox, context.request
    context.client_id = request.args.get("client_id")
    options, now = sandbox.options, sandbox.clock.now()
    pages = AuthorizePages(
        sandbox.database,
        request,
        application_name=options.application_name,
        redirect_uris=options.redirect_uris,
        now=now,
    )
    return pages.respond()


def token(context: Context) -> Response:
    """Issue tokens."""
    # A failed request must not undo what it has spent: catch errors inside the transaction.
    with context.sandbox.database.write() as connection:
        endpoint = TokenEndpoint(connection, context.request, context.sandbox.clock.now())
        try:
            response = endpoint.respond()
        except ApiError as error:
            response = error.response()
        context.client_id = endpoint.client_id
    return response.to_wsgi()


def heartbeat(context: Context) -> Response:
    """Say that the API is up; no token needed."""
    return ApiResponse(200, {"running_item": "Total Expert External API"}).to_wsgi()


def teapot(context: Context) -> Response:
    """Say that a token is valid."""
    with context.sandbox.database.read() as connection:
        _caller(context, connection)
    return ApiResponse(418, {"code": "418 I'm a teapot", "status": "short and stout"}).to_wsgi()


def list_records(context: Context, resource: Resource) -> Response:
    """List one page of a resource."""
    sandbox = context.sandbox
    revision = sandbox.counts.revision
    with sandbox.database.read() as connection:
        caller = _caller(context, connection)
        caller.require(resource)
        return list_page(
            connection,
            sandbox.counts,
            sandbox.list_indexes,
            revision,
            resource,
            caller,
            context.request.args,
        ).to_wsgi()


def get_record(context: Context, resource: Resource, id: str) -> Response:
    """Show one record."""
    with context.sandbox.database.read() as connection:
        caller = _caller(context, connection)
        caller.require(resource)
        return crud.get(connection, resource, caller, id).to_wsgi()


def create_record(context: Context, resource: Resource) -> Response:
    """Create a record, or update the one it duplicates."""
    now, host = context.sandbox.clock.now(), context.request.host

    def write(connection: sqlite3.Connection, caller: Caller, payload: dict[str, Any]) -> ApiResponse:
        return crud.create(connection, resource, caller, payload, now=now, host=host)

    return _write(context, resource, write)


def match_record(context: Context, resource: Resource) -> Response:
    """Update the record that the payload duplicates."""
    now = context.sandbox.clock.now()

    def write(connection: sqlite3.Connection, caller: Caller, payload: dict[str, Any]) -> ApiResponse:
        return crud.match(connection, resource, caller, payload, now=now)

    return _write(context, resource, write)


def update_record(context: Context, resource: Resource, id: str) -> Response:
    """Update a record."""
    now, host = context.sandbox.clock.now(), context.request.host

    def write(connection: sqlite3.Connection, caller: Caller, payload: dict[str, Any]) -> ApiResponse:
        return crud.update(connection, resource, caller, id, payload, now=now, host=host)

    return _write(context, resource, write)


def delete_record(context: Context, resource: Resource, id: str) -> Response:
    """Delete a record."""

    def write(connection: sqlite3.Connection, caller: Caller, payload: dict[str, Any]) -> ApiResponse:
        return crud.delete(connection, resource, caller, id)

    return _write(context, resource, write, has_body=False)


def call_endpoint(context: Context, endpoint: Endpoint, handler: Handler, id: str = "") -> Response:
    """Run a handler of an endpoint that is not a resource."""
    sandbox, request = context.sandbox, context.request
    with sandbox.database.read() as connection:
        caller = _caller(context, connection)
    if caller.scopes.isdisjoint(endpoint.scopes):
        raise insufficient_scope()
    is_read = request.method in ("GET", "HEAD")
    payload = {} if is_read or endpoint.binary_body else _payload(context)
    body = read_bounded(request) if endpoint.binary_body else b""
    api_request = ApiRequest(
        caller, sandbox.clock.now(), request.host, id, request.args, request.headers, payload, body
    )
    if is_read:
        with sandbox.database.read() as connection:
            return handler(connection, api_request).to_wsgi()
    with sandbox.database.write() as connection:
        response = handler(connection, api_request)
    sandbox.records_changed()
    return response.to_wsgi()


def _caller(context: Context, connection: sqlite3.Connection) -> Caller:
    caller = authenticate(connection, context.request, context.sandbox.clock.now())
    context.client_id = caller.client_id
    return caller


def _write(context: Context, resource: Resource, write: Write, *, has_body: bool = True) -> Response:
    with context.sandbox.database.read() as connection:
        caller = _caller(context, connection)
    caller.require(resource)
    payload = _payload(context) if has_body else {}
    with context.sandbox.database.write() as connection:
        response = write(connection, caller, payload)
    context.sandbox.records_changed()
    return response.to_wsgi()


def _payload(context: Context) -> dict[str, Any]:
    if not context.request.mimetype.endswith(("/json", "+json")):
        raise ApiError(415, "Unsupported Media Type")
    payload = context.json()
    if not isinstance(payload, dict):
        raise ApiError(422, "The body must be a JSON object")
    return payload
