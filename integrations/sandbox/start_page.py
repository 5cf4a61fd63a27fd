"""The page at `/`: what this program is, where its endpoints are, who is in it and what was asked of it
lately.
"""

from __future__ import annotations

from markupsafe import Markup
from werkzeug.wrappers import Request, Response

from . import limits, pages
from .answers import Refusal
from .limits import Limits
from .tables import EVERYONE
from .world import World

_LATEST = 20


def show(world: World, request: Request) -> Response:
    """The start page. Raises `Refusal` (405) for anything but reading."""
    from . import __version__  # the package is complete only once its modules are

    if request.method not in ("GET", "HEAD"):
        raise Refusal(405, "Method Not Allowed", headers={"Allow": "GET"})
    with world.store.read() as connection:
        found = connection.execute(
            "SELECT name, (SELECT sum(n) FROM users__blocks u WHERE u.organization = o.id AND u.owner = ?),"
            " (SELECT sum(n) FROM contacts__blocks c WHERE c.organization = o.id AND c.owner = ?)"
            " FROM organizations o ORDER BY id",
            (EVERYONE, EVERYONE),
        ).fetchall()
        latest = limits.read(connection, 0, latest=_LATEST)
    row = Markup("<tr><td>{}</td><td class=number>{:,}</td><td class=number>{:,}</td></tr>")
    organizations = Markup("").join(
        row.format(name, users or 0, contacts or 0) for name, users, contacts in found
    )
    line = Markup(
        "<tr><td>{}</td><td>{}</td><td><code>{}</code></td><td class=number>{}</td><td>{}</td></tr>"
    )
    requests = Markup("").join(
        line.format(
            entry["at"][11:19], entry["method"], entry["path"], entry["status"] or "…", entry["address"]
        )
        for entry in latest
    )
    nothing = Markup('<tr><td colspan="5">None yet.</td></tr>')
    return pages.page(
        "start.html",
        "Start",
        version=__version__,
        base=request.host_url.rstrip("/"),
        now=f"{world.clock.iso()[:19].replace('T', ' ')} UTC",
        limits=_in_words(world.options.limits),
        organizations=organizations,
        requests=requests or nothing,
    )


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
