"""The start page at `/`: the sandbox's URLs, organizations, users, faults, and what happened lately."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup
from werkzeug.wrappers import Response

from .. import pages
from ..campaigns import outbox
from ..engine.storage.tables import ALL_OWNERS
from ..signin import organizations
from ..version import __version__
from ..webhooks import deliveries
from . import limits
from .context import Context
from .limits import Limits

_LATEST = 20
_MAX_ORGANIZATIONS, _MAX_USERS = 20, 100
_ROW = Markup("<tr>{}</tr>")
_CELL, _NUMBER, _CODE = (
    Markup("<td>{}</td>"),
    Markup("<td class=number>{}</td>"),
    Markup("<td><code>{}</code></td>"),
)


def show(context: Context) -> Response:
    """Show the start page."""
    sandbox = context.sandbox
    with sandbox.database.read() as connection:
        tables: dict[str, Any] = {
            "organizations": _organizations(connection),
            "users": _users(connection),
            "requests": _rows("tccnt", _requests(connection)),
            "outbox": _rows("tttt", _emails(connection)),
            "deliveries": _rows("tcctn", _deliveries(connection)),
        }
    return pages.page(
        "start.html",
        "Start",
        version=__version__,
        base=context.request.host_url.rstrip("/"),
        now=f"{sandbox.clock.iso()[:19].replace('T', ' ')} UTC",
        limits=_describe_limits(sandbox.options.limits),
        faults=_faults(sandbox.faults.entries),
        webhooks=_describe_webhooks(sandbox.delivery_worker.settings),
        **tables,
    )


def _rows(columns: str, rows: Iterable[Sequence[Any]]) -> Markup:
    """Return table rows. `columns` has one letter per column: t for text, c for code, n for a number."""
    cells = {"t": _CELL, "c": _CODE, "n": _NUMBER}
    lines = [
        _ROW.format(
            Markup("").join(cells[column].format(value) for column, value in zip(columns, row, strict=True))
        )
        for row in rows
    ]
    empty = Markup('<tr><td colspan="{}">None yet.</td></tr>').format(len(columns))
    return Markup("\n").join(lines) or empty


def _organizations(connection: sqlite3.Connection) -> Markup:
    found = connection.execute(
        "SELECT name, (SELECT sum(n) FROM users__blocks u WHERE u.organization = o.id AND u.owner = ?),"
        " (SELECT sum(n) FROM contacts__blocks c WHERE c.organization = o.id AND c.owner = ?)"
        " FROM organizations o ORDER BY id",
        (ALL_OWNERS, ALL_OWNERS),
    )
    return _rows("tnn", [(name, f"{users or 0:,}", f"{contacts or 0:,}") for name, users, contacts in found])


def _users(connection: sqlite3.Connection) -> Markup:
    """Return the credentials and users of each organization, collapsed."""
    found = organizations.users_by_organization(connection)
    blocks = [
        pages.fill(
            "organization_users.html",
            name=organization["name"],
            client_id=organization["client_id"],
            client_secret=organization["client_secret"],
            users=_rows(
                "cct",
                [
                    (user["username"], user["password"], _status(user))
                    for user in organization["users"][:_MAX_USERS]
                ],
            ),
        )
        for organization in found[:_MAX_ORGANIZATIONS]
    ]
    more = Markup("")
    if len(found) > _MAX_ORGANIZATIONS or any(len(one["users"]) > _MAX_USERS for one in found):
        more = Markup('<p class="quiet">This list is shortened. The credentials have everyone.</p>')
    return Markup("\n").join(blocks) + more


def _status(user: dict[str, Any]) -> str:
    return "admin" if user["admin"] else "" if user["active"] else "inactive"


def _requests(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return [
        (entry["at"][11:19], entry["method"], entry["path"], entry["status"] or "…", entry["address"])
        for entry in limits.read_log(connection, 0, latest=_LATEST)
    ]


def _emails(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return [
        (entry["at"][11:19], entry["to"], entry["subject"], entry["organization"])
        for entry in outbox.read(connection, latest=_LATEST)
    ]


def _deliveries(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return [
        (
            entry["at"][11:19],
            f"{entry['item']} {entry['action']} {entry['id']}",
            entry["url"],
            entry["status"] + (f": {entry['error']}" if entry["error"] else ""),
            entry["attempts"],
        )
        for entry in deliveries.read(connection, latest=_LATEST)
    ]


def _faults(entries: list[dict[str, Any]]) -> Markup:
    lines = Markup("").join(
        Markup("<li><code>{}</code></li>").format(json.dumps(entry))
        for entry in entries
        if entry.get("times") != 0
    )
    return Markup("<ul>{}</ul>").format(lines) if lines else Markup("<p>None.</p>")


def _describe_webhooks(settings: dict[str, Any]) -> str:
    parts = [
        "held until released" if settings["hold"] else "",
        f"each repeated {settings['repeat']} times" if settings["repeat"] else "",
        f"{settings['drop_rate']:.0%} lost on purpose" if settings["drop_rate"] else "",
        "out of order" if settings["shuffle"] else "",
    ]
    return ", ".join(filter(None, parts)) or "at once, at least once"


def _describe_limits(limits: Limits) -> str:
    calls = (
        f"{limits.calls_per_minute:,} requests a minute" if limits.calls_per_minute else "unlimited requests"
    )
    tokens = (
        f"{limits.tokens_per_hour:,} token requests an hour"
        if limits.tokens_per_hour
        else "unlimited token requests"
    )
    return f"{calls}, {tokens}"
