"""The emulated API under /v1, except signing in: heartbeat, teapot, tokens and the declared resources."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request

from .control.world import World
from .endpoints import ENDPOINTS
from .endpoints.endpoint import Asked, Endpoint, Handler, read_bounded
from .engine import crud, request_body
from .engine.callers import Caller
from .engine.listing.pages import list_page
from .engine.responses import Answer, Refusal, insufficient_scope, not_found
from .engine.schema.resource import Resource
from .resources import RESOURCES
from .signin.token_endpoint import TokenEndpoint, caller

_COLLECTION = {"GET": "list", "POST": "create", "PATCH": "match"}
_ITEM = {"GET": "get", "PATCH": "update", "DELETE": "delete"}


class Call:
    """One request to the API. `client_id` is known once the caller is."""

    def __init__(self, world: World, request: Request) -> None:
        self._world = world
        self._request = request
        self._method = "GET" if request.method == "HEAD" else request.method
        self.client_id: str | None = None

    def answer(self, path: str) -> Answer:
        """The answer for a path below /v1, e.g. `contacts/14`. Raises `Refusal` for every
        documented error.
        """
        if path == "token":
            return self._token()
        if path in ("heartbeat", "teapot"):
            return self._heartbeat() if path == "heartbeat" else self._teapot()
        if path in RESOURCES and RESOURCES[path].methods:
            return self._collection(RESOURCES[path])
        parent, _, id = path.rpartition("/")
        if path in ENDPOINTS:
            return self._endpoint(ENDPOINTS[path], ENDPOINTS[path].collection, "")
        if parent in ENDPOINTS and ENDPOINTS[parent].item:
            return self._endpoint(ENDPOINTS[parent], ENDPOINTS[parent].item, id)
        resource = RESOURCES.get(parent)
        if resource is None or "get" not in resource.methods:
            raise not_found()
        return self._item(resource, id)

    def _require_method(self, allowed: dict[str, str]) -> None:
        if self._method not in allowed:
            raise Refusal(405, "Method Not Allowed", headers={"Allow": ", ".join(sorted(allowed))})

    def _token(self) -> Answer:
        # A failed request must not undo what it has spent, so refusals leave the transaction as answers.
        with self._world.store.write() as connection:
            endpoint = TokenEndpoint(connection, self._request, self._world.clock.now())
            try:
                return endpoint.answer()
            except Refusal as refusal:
                return refusal.answer()
            finally:
                self.client_id = endpoint.client_id

    def _heartbeat(self) -> Answer:
        self._require_method({"GET": "get"})
        return Answer(200, {"running_item": "Total Expert External API"})

    def _teapot(self) -> Answer:
        self._require_method({"GET": "get"})
        with self._world.store.read() as connection:
            self.client_id = caller(connection, self._request, self._world.clock.now()).client_id
        return Answer(418, {"code": "418 I'm a teapot", "status": "short and stout"})

    def _allowed(self, resource: Resource, methods: dict[str, str]) -> dict[str, str]:
        return {method: verb for method, verb in methods.items() if verb in resource.methods}

    def _collection(self, resource: Resource) -> Answer:
        self._require_method(self._allowed(resource, _COLLECTION))
        world, now = self._world, self._world.clock.now()
        if self._method == "POST":
            host = self._request.host

            def create(connection: sqlite3.Connection, who: Caller, payload: dict[str, Any]) -> Answer:
                return crud.create(connection, resource, who, payload, now=now, host=host)

            return self._write(resource, create)
        if self._method == "PATCH":
            return self._write(
                resource,
                lambda connection, who, payload: crud.match(connection, resource, who, payload, now=now),
            )
        revision = world.counts.revision
        with world.store.read() as connection:
            who = caller(connection, self._request, now)
            self.client_id = who.client_id
            who.require(resource)
            return list_page(
                connection, world.counts, world.catalogues, revision, resource, who, self._request.args
            )

    def _endpoint(self, endpoint: Endpoint, handlers: Mapping[str, Handler], id: str) -> Answer:
        self._require_method({method: method for method in handlers})
        world, request, now = self._world, self._request, self._world.clock.now()
        with world.store.read() as connection:
            who = caller(connection, request, now)
        self.client_id = who.client_id
        if who.scopes.isdisjoint(endpoint.scopes):
            raise insufficient_scope()
        has_json = self._method != "GET" and not endpoint.takes_bytes
        payload = self._payload() if has_json else {}
        body = read_bounded(request) if endpoint.takes_bytes else b""
        asked = Asked(who, now, request.host, id, request.args, request.headers, payload, body)
        if self._method == "GET":
            with world.store.read() as connection:
                return handlers[self._method](connection, asked)
        with world.store.write() as connection:
            answer = handlers[self._method](connection, asked)
        world.changed()
        return answer

    def _item(self, resource: Resource, id: str) -> Answer:
        self._require_method(self._allowed(resource, _ITEM))
        now, host = self._world.clock.now(), self._request.host
        if self._method == "PATCH":
            return self._write(
                resource,
                lambda connection, who, payload: crud.update(
                    connection, resource, who, id, payload, now=now, host=host
                ),
            )
        if self._method == "DELETE":
            return self._write(
                resource,
                lambda connection, who, _: crud.delete(connection, resource, who, id),
                has_body=False,
            )
        with self._world.store.read() as connection:
            who = caller(connection, self._request, now)
            self.client_id = who.client_id
            who.require(resource)
            return crud.get(connection, resource, who, id)

    def _write(self, resource: Resource, verb: Callable[..., Answer], *, has_body: bool = True) -> Answer:
        world = self._world
        with world.store.read() as connection:
            who = caller(connection, self._request, world.clock.now())
        self.client_id = who.client_id
        who.require(resource)
        payload = self._payload() if has_body else {}
        with world.store.write() as connection:
            answer = verb(connection, who, payload)
        world.changed()
        return answer

    def _payload(self) -> dict[str, Any]:
        mimetype = self._request.mimetype
        if not mimetype.endswith(("/json", "+json")):
            raise Refusal(415, "Unsupported Media Type")
        try:
            payload = request_body.decode(self._request.get_data())
        except ValueError:
            raise Refusal(400, "Unable to parse JSON") from None
        if not isinstance(payload, dict):
            raise Refusal(422, "The body must be a JSON object")
        return payload
