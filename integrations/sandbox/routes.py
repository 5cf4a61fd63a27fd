"""The URL map: which view serves which address and method."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response

from . import api
from .control import start_page, views
from .control.context import Context
from .endpoints import ENDPOINTS
from .endpoints.endpoint import Endpoint
from .engine.errors import ApiError, not_found
from .engine.schema.resource import Resource
from .resources import RESOURCES

View = Callable[[Context], Response]

_COLLECTION_VIEWS: dict[str, tuple[str, Callable[..., Response]]] = {
    "list": ("GET", api.list_records),
    "create": ("POST", api.create_record),
    "match": ("PATCH", api.match_record),
}
_RECORD_VIEWS: dict[str, tuple[str, Callable[..., Response]]] = {
    "get": ("GET", api.get_record),
    "update": ("PATCH", api.update_record),
    "delete": ("DELETE", api.delete_record),
}


def _rules() -> Iterator[Rule]:
    yield Rule("/", methods=["GET"], endpoint=start_page.show)
    yield Rule("/favicon.ico", endpoint=lambda context: Response(status=204))
    for name, methods in views.VIEWS.items():
        for method, view in methods.items():
            yield Rule(f"/_sandbox/{name}", methods=[method], endpoint=partial(views.respond, view=view))
    yield Rule("/v1/heartbeat", methods=["GET"], endpoint=api.heartbeat)
    yield Rule("/v1/teapot", methods=["GET"], endpoint=api.teapot)
    yield Rule("/v1/token", endpoint=api.token)
    yield Rule("/v1/authorize", methods=["GET", "POST"], endpoint=api.authorize)
    for resource in RESOURCES.values():
        yield from _resource_rules(resource)
    for endpoint in ENDPOINTS.values():
        yield from _endpoint_rules(endpoint)


def _resource_rules(resource: Resource) -> Iterator[Rule]:
    for path, found in (
        (f"/v1/{resource.path}", _COLLECTION_VIEWS),
        (f"/v1/{resource.path}/<id>", _RECORD_VIEWS),
    ):
        for operation, (method, view) in found.items():
            if operation in resource.methods:
                yield Rule(path, methods=[method], endpoint=partial(view, resource=resource))


def _endpoint_rules(endpoint: Endpoint) -> Iterator[Rule]:
    for path, handlers in (
        (f"/v1/{endpoint.path}", endpoint.collection),
        (f"/v1/{endpoint.path}/<id>", endpoint.item),
    ):
        for method, handler in handlers.items():
            view = partial(api.call_endpoint, endpoint=endpoint, handler=handler)
            yield Rule(path, methods=[method], endpoint=view)


_MAP = Map(_rules(), strict_slashes=False, merge_slashes=False)
_ADAPTER = _MAP.bind("sandbox")


def find_view(method: str, path: str) -> View:
    """Return the view for a request. Raise `ApiError` (404, 405)."""
    try:
        view, arguments = _ADAPTER.match(path, method)
    except NotFound:
        raise not_found() from None
    except MethodNotAllowed as error:
        # A HEAD request is answered wherever GET is; only documented methods are listed.
        allowed = sorted(set(error.valid_methods or ()) - {"HEAD"})
        raise ApiError(405, "Method Not Allowed", headers={"Allow": ", ".join(allowed)}) from None
    return partial(view, **arguments)
