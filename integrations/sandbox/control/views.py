"""The control endpoints under /_sandbox, with which tests and demos inspect and change the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from ..campaigns import outbox
from ..engine.errors import ApiError
from ..engine.responses import ApiResponse
from ..signin import organizations
from ..webhooks import deliveries
from . import archive, limits, state
from .context import Context

MAX_CLOCK_OFFSET = 100 * 365 * 86400.0
"""How far the clock can be moved, in seconds."""


def respond(context: Context, view: Callable[[Context], Any]) -> Response:
    """Return what a control view returns as a JSON response."""
    return ApiResponse(200, view(context)).to_wsgi()


def show_credentials(context: Context) -> Any:
    """Return all client ids, secrets, user names and passwords."""
    options = context.sandbox.options
    with context.sandbox.database.read() as connection:
        return organizations.credentials(
            connection, application_name=options.application_name, redirect_uris=options.redirect_uris
        )


def show_state(context: Context) -> Any:
    """Return the sandbox's time, and counts and digests of all records."""
    with context.sandbox.database.read() as connection:
        return {"now": context.sandbox.clock.iso(), "organizations": state.read(connection)}


def show_requests(context: Context) -> Any:
    """Return the request log after `since`."""
    since = _since(context, "request")
    with context.sandbox.database.read() as connection:
        return limits.read_log(connection, since)


def show_outbox(context: Context) -> Any:
    """Return the emails that campaigns would have sent."""
    with context.sandbox.database.read() as connection:
        return outbox.read(connection)


def show_deliveries(context: Context) -> Any:
    """Return the webhook deliveries after `since`."""
    since = _since(context, "delivery")
    with context.sandbox.database.read() as connection:
        return deliveries.read(connection, since)


def send_deliveries(context: Context) -> Any:
    """Send every pending webhook delivery now, held or not."""
    return {"sent": context.sandbox.delivery_worker.deliver(everything=True)}


def show_webhooks(context: Context) -> Any:
    """Return how webhooks are delivered."""
    return context.sandbox.delivery_worker.settings


def set_webhooks(context: Context) -> Any:
    """Change how webhooks are delivered."""
    worker = context.sandbox.delivery_worker
    with context.sandbox.database.write() as connection:
        worker.change_settings(connection, _body(context))
    worker.wake()
    return worker.settings


def archive_contact(context: Context) -> Any:
    """Archive a contact, or restore it."""
    with context.sandbox.database.write() as connection:
        result = archive.set_archived(connection, _body(context), now=context.sandbox.clock.now())
    context.sandbox.records_changed()
    return result


def show_clock(context: Context) -> Any:
    """Return the sandbox's time, and its offset from the machine's clock in seconds."""
    clock = context.sandbox.clock
    return {"now": clock.iso(), "offset": clock.offset}


def advance_clock(context: Context) -> Any:
    """Move the clock by a number of seconds."""
    clock, body = context.sandbox.clock, _body(context)
    seconds = body.get("advance") if isinstance(body, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise ApiError(422, "'advance' must be a number of seconds")
    if not abs(seconds) <= MAX_CLOCK_OFFSET or abs(clock.offset + seconds) > MAX_CLOCK_OFFSET:
        raise ApiError(422, "The clock can't be more than 100 years away from the machine's clock")
    with context.sandbox.database.write() as connection:
        clock.advance(connection, float(seconds))
    return show_clock(context)


def show_faults(context: Context) -> Any:
    """Return the active faults."""
    return context.sandbox.faults.entries


def set_faults(context: Context) -> Any:
    """Replace the active faults."""
    with context.sandbox.database.write() as connection:
        context.sandbox.faults.replace(connection, _body(context))
    return context.sandbox.faults.entries


def show_snapshots(context: Context) -> Any:
    """Return the saved snapshots."""
    return context.sandbox.snapshots.entries()


def save_or_load_snapshot(context: Context) -> Any:
    """Save a snapshot, or load one."""
    body = _body(context)
    if not isinstance(body, dict) or len(body) != 1 or not set(body) <= {"save", "load"}:
        raise ApiError(422, 'The body must be {"save": NAME} or {"load": NAME}')
    if "save" in body:
        context.sandbox.snapshots.save(body["save"])
    else:
        context.sandbox.load(body["load"])
    return context.sandbox.snapshots.entries()


def reset(context: Context) -> Any:
    """Reset everything to the seed data."""
    context.sandbox.reset()
    return context.sandbox.describe()


def _body(context: Context) -> Any:
    return context.json(empty=b"null")


def _since(context: Context, name: str) -> int:
    since = context.request.args.get("since", "0")
    if not (since.isascii() and since.isdigit() and len(since) < 19):
        raise ApiError(422, f"'since' must be the number of a {name}: 0 or a positive integer")
    return int(since)


VIEWS: dict[str, dict[str, Callable[[Context], Any]]] = {
    "credentials": {"GET": show_credentials},
    "state": {"GET": show_state},
    "requests": {"GET": show_requests},
    "outbox": {"GET": show_outbox},
    "deliveries": {"GET": show_deliveries, "POST": send_deliveries},
    "webhooks": {"GET": show_webhooks, "POST": set_webhooks},
    "archive": {"POST": archive_contact},
    "clock": {"GET": show_clock, "POST": advance_clock},
    "faults": {"GET": show_faults, "POST": set_faults},
    "snapshots": {"GET": show_snapshots, "POST": save_or_load_snapshot},
    "reset": {"POST": reset},
}
"""The view of each endpoint by method."""
