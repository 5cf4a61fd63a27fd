"""Forgive what a link gains on its way: a mail program or a person adds ``)``, ``>``, ``.``, ``&gt;`` or a space.

No address of the portal ends like this. Queries that trackers add need nothing: views read only what they know.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import is_valid_path
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes

#: What an address doesn't end with: an HTML entity, a character that was percent-encoded twice, or punctuation.
_ADDED = re.compile(
    r"(?:&(?:[a-z]{2,6}|#\d{1,6}|#x[\da-f]{1,6});?|%[\da-f]{2}|[^\w-])\Z", re.ASCII | re.IGNORECASE
)
#: The longest match, and the most matches that are removed.
_TAIL, _MOST = 12, 60


def clean(path: str) -> str:
    """Return a path without what its end gained on its way, and without a slash at its end. A very long end stays."""
    stem = path
    for _ in range(_MOST):
        found = _ADDED.search(stem[-_TAIL:])
        if found is None:
            return stem
        stem = stem[: len(stem) - len(found.group())]
    return path


class PastedLinkMiddleware:
    """Middleware: redirect from an address with something added to its end to the address itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            stem = clean(request.path_info)
            if len(request.path_info) - len(stem) > request.path_info.endswith("/"):
                for target in (f"{stem}/", stem):
                    if target != request.path_info and is_valid_path(target):
                        return _redirect(request, target)
        return self.get_response(request)


def _redirect(request: HttpRequest, path: str) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(
        escape_leading_slashes(escape_uri_path(path)) + (f"?{query}" if query else "")
    )
