"""The page at `/`: what this program is, where its endpoints are, who is in it and what happened in it lately."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup
from werkzeug.wrappers import Request, Response

from .. import pages
from ..campaigns import outbox
from ..engine.responses import Refusal
from ..engine.storage.tables import EVERYONE
from ..signin import organizations
from ..version import __version__
from ..webhooks import deliveries
from . import limits
from .limits import Limits
from .world import World

_LATEST = 20
_MOST_ORGANIZATIONS, _MOST_USERS = 20, 100
_ROW = Markup("<tr>{}</tr>")
_CELL, _NUMBER, _CODE = (
    Markup("<td>{}</td>"),
    Markup("<td class=number>{}</td>"),
    Markup("<td><code>{}</code></td>"),
)


def show(world: World, request: Request) -> Response:
    """The start page. Raises `Refusal` (405) for anything but reading."""
    if request.method not in ("GET", "HEAD"):
        raise Refusal(405, "Method Not Allowed", headers={"Allow": "GET"})
    with world.store.read() as connection:
        shown: dict[str, Any] = {
            "organizations": _organizations(connection),
            "people": _people(world, connection),
            "requests": _rows(
                "tccnt",
                (
                    (
                        entry["at"][11:19],
                        entry["method"],
                        entry["path"],
                        entry["status"] or "…",
                        entry["address"],
                    )
                    for entry in limits.read(connection, 0, latest=_LATEST)
                ),
            ),
            "outbox": _rows(
                "tttt",
                (
                    (entry["at"][11:19], entry["to"], entry["subject"], entry["organization"])
                    for entry in outbox.read(connection, latest=_LATEST)
                ),
            ),
            "deliveries": _rows("tcctn", _deliveries(connection)),
        }
    return pages.page(
        "start.html",
        "Start",
        version=__version__,
        base=request.host_url.rstrip("/"),
        now=f"{world.clock.iso()[:19].replace('T', ' ')} UTC",
        limits=_in_words(world.options.limits),
        faults=_faults(world.faults.entries),
        webhooks=_settings(world.deliverer.settings),
        **shown,
    )


def _rows(kinds: str, rows: Iterable[Sequence[Any]]) -> Markup:
    """Table rows; a letter a column: t for text, c for code, n for a number."""
    forms = {"t": _CELL, "c": _CODE, "n": _NUMBER}
    lines = [
        _ROW.format(
            Markup("").join(forms[kind].format(value) for kind, value in zip(kinds, row, strict=True))
        )
        for row in rows
    ]
    nothing = Markup('<tr><td colspan="{}">None yet.</td></tr>').format(len(kinds))
    return Markup("\n").join(lines) or nothing


def _organizations(connection: sqlite3.Connection) -> Markup:
    found = connection.execute(
        "SELECT name, (SELECT sum(n) FROM users__blocks u WHERE u.organization = o.id AND u.owner = ?),"
        " (SELECT sum(n) FROM contacts__blocks c WHERE c.organization = o.id AND c.owner = ?)"
        " FROM organizations o ORDER BY id",
        (EVERYONE, EVERYONE),
    )
    return _rows("tnn", [(name, f"{users or 0:,}", f"{contacts or 0:,}") for name, users, contacts in found])


def _people(world: World, connection: sqlite3.Connection) -> Markup:
    """Per organization its own credentials and its users with their passwords, folded away."""
    found = organizations.credentials(connection, world.options.redirect_uris)["organizations"]
    blocks = [
        pages.fill(
            "people.html",
            name=organization["name"],
            client_id=organization["client_id"],
            client_secret=organization["client_secret"],
            users=_rows(
                "cct",
                [
                    (user["username"], user["password"], _standing(user))
                    for user in organization["users"][:_MOST_USERS]
                ],
            ),
        )
        for organization in found[:_MOST_ORGANIZATIONS]
    ]
    more = Markup("")
    if len(found) > _MOST_ORGANIZATIONS or any(len(one["users"]) > _MOST_USERS for one in found):
        more = Markup('<p class="quiet">These are not all: the rest is among the credentials.</p>')
    return Markup("\n").join(blocks) + more


def _standing(user: dict[str, Any]) -> str:
    return "admin" if user["admin"] else "" if user["active"] else "inactive"


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


def _settings(settings: dict[str, Any]) -> str:
    words = [
        "held until released" if settings["hold"] else "",
        f"each repeated {settings['repeat']} times" if settings["repeat"] else "",
        f"{settings['drop_rate']:.0%} lost on purpose" if settings["drop_rate"] else "",
        "out of order" if settings["shuffle"] else "",
    ]
    return ", ".join(filter(None, words)) or "as they come, at least once"


def _in_words(settings: Limits) -> str:
    calls = (
        f"{settings.calls_per_minute:,} requests a minute"
        if settings.calls_per_minute
        else "any number of requests"
    )
    tokens = (
        f"{settings.tokens_per_hour:,} token requests an hour"
        if settings.tokens_per_hour
        else "any number of tokens"
    )
    return f"{calls}, {tokens}"
