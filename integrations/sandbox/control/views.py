"""The control endpoints under /_sandbox: what tests and demos need to know and to steer, beside the emulated
API.
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request

from ..campaigns import outbox
from ..engine import request_body
from ..engine.responses import Answer, Refusal, not_found
from ..signin import organizations
from ..webhooks import deliveries
from . import archive, limits, state
from .world import World


def handle(world: World, request: Request, name: str) -> Answer:
    """The answer of one control endpoint. Raises `Refusal` (404, 405, 400, 422)."""
    readers = {
        "credentials": _credentials,
        "state": _state,
        "requests": _requests,
        "outbox": _outbox,
        "deliveries": _deliveries,
    }
    writers = {
        "archive": _archive,
        "clock": _move_clock,
        "faults": _set_faults,
        "reset": _reset,
        "webhooks": _set_webhooks,
        "deliveries": _deliver,
        "snapshots": _save_or_load,
    }
    shown = {"clock": _clock, "faults": _faults, "webhooks": _webhooks, "snapshots": _snapshots}
    if name not in {*readers, *writers}:
        raise not_found()
    known = {"GET": {**readers, **shown}, "POST": writers}
    handler = known.get("GET" if request.method == "HEAD" else request.method, {}).get(name)
    if handler is None:
        allowed = ", ".join(method for method, names in known.items() if name in names)
        raise Refusal(405, "Method Not Allowed", headers={"Allow": allowed})
    return Answer(200, handler(world, request))


def _body(request: Request) -> Any:
    try:
        return request_body.decode(request.get_data() or b"null")
    except ValueError:
        raise Refusal(400, "Unable to parse JSON") from None


def _credentials(world: World, request: Request) -> Any:
    with world.store.read() as connection:
        return organizations.credentials(connection, world.options.redirect_uris)


def _state(world: World, request: Request) -> Any:
    with world.store.read() as connection:
        return {"now": world.clock.iso(), "organizations": state.read(connection)}


def _since(request: Request, what: str) -> int:
    since = request.args.get("since", "0")
    if not (since.isascii() and since.isdigit() and len(since) < 19):
        raise Refusal(422, f"'since' is the number of a {what}, a whole number from 0")
    return int(since)


def _requests(world: World, request: Request) -> Any:
    since = _since(request, "request")
    with world.store.read() as connection:
        return limits.read(connection, since)


def _archive(world: World, request: Request) -> Any:
    with world.store.write() as connection:
        told = archive.set_archived(connection, _body(request), now=world.clock.now())
    world.changed()
    return told


def _outbox(world: World, request: Request) -> Any:
    with world.store.read() as connection:
        return outbox.read(connection)


def _deliveries(world: World, request: Request) -> Any:
    since = _since(request, "delivery")
    with world.store.read() as connection:
        return deliveries.read(connection, since)


def _deliver(world: World, request: Request) -> Any:
    return {"sent": world.deliverer.deliver(everything=True)}


def _webhooks(world: World, request: Request) -> Any:
    return world.deliverer.settings


def _set_webhooks(world: World, request: Request) -> Any:
    with world.store.write() as connection:
        world.deliverer.change(connection, _body(request))
    world.deliverer.wake()
    return world.deliverer.settings


#: How many seconds the clock may be moved.
FARTHEST = 100 * 365 * 86400.0


def _clock(world: World, request: Request) -> Any:
    return {"now": world.clock.iso(), "offset": world.clock.offset}


def _move_clock(world: World, request: Request) -> Any:
    body = _body(request)
    seconds = body.get("advance") if isinstance(body, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not abs(seconds) <= FARTHEST:
        raise Refusal(422, "'advance' is a number of seconds, of at most a hundred years")
    if abs(world.clock.offset + seconds) > FARTHEST:
        raise Refusal(422, "The clock can't be moved more than a hundred years from the machine's")
    with world.store.write() as connection:
        world.clock.advance(connection, float(seconds))
    return _clock(world, request)


def _faults(world: World, request: Request) -> Any:
    return world.faults.entries


def _set_faults(world: World, request: Request) -> Any:
    with world.store.write() as connection:
        world.faults.replace(connection, _body(request))
    return world.faults.entries


def _snapshots(world: World, request: Request) -> Any:
    return world.snapshots.entries()


def _save_or_load(world: World, request: Request) -> Any:
    body = _body(request)
    if not isinstance(body, dict) or len(body) != 1 or not set(body) <= {"save", "load"}:
        raise Refusal(422, 'What to do is {"save": NAME} or {"load": NAME}')
    if "save" in body:
        world.snapshots.save(body["save"])
    else:
        world.load(body["load"])
    return world.snapshots.entries()


def _reset(world: World, request: Request) -> Any:
    world.reset()
    return world.describe()
