"""HTML pages: templates filled with escaped values, with a strict content security policy."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from markupsafe import Markup
from werkzeug.wrappers import Response

_TEMPLATES = Path(__file__).parent / "templates"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@functools.cache
def _template(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704


def fill(name: str, /, **values: Any) -> Markup:
    """Fill in the `{placeholders}` of a template. Values are escaped unless they are `Markup`."""
    return _template(name).format(**values)


def page(name: str, title: str, /, *, status: int = 200, **values: Any) -> Response:
    """Return a page: the template inside the layout."""
    text = fill("layout.html", title=title, style=_template("style.css"), content=fill(name, **values))
    return Response(text, status=status, headers=_HEADERS, content_type="text/html; charset=utf-8")
