"""Chosen contacts kept in a person's session, so that a page that links to another one can hand them over."""

import secrets
from typing import Any

from django.http import HttpRequest, QueryDict

from integrations.connections.models import Installation
from integrations.directory.browse.chosen import Chosen
from integrations.directory.browse.selection import Selection

#: The parameter of an address with the key of a choice.
PARAMETER = "chosen"
_SESSION_KEY = "directory.chosen"
#: The most choices that are kept. The oldest ones are dropped.
MOST = 10


def store(request: HttpRequest, installation: Installation, chosen: Chosen) -> str:
    """Keep a choice in the session, and return its key."""
    kept: dict[str, Any] = request.session.get(_SESSION_KEY, {})
    key = secrets.token_urlsafe(9)
    ids = None if chosen.ids is None else list(chosen.ids)
    kept[key] = {"installation": str(installation.pk), "query": chosen.selection.query(), "ids": ids}
    request.session[_SESSION_KEY] = dict(list(kept.items())[-MOST:])
    return key


def read(request: HttpRequest, installation: Installation) -> Chosen | None:
    """Return the choice that the address names by its key, or None if it isn't one of this installation."""
    kept = request.session.get(_SESSION_KEY, {}).get(request.GET.get(PARAMETER, ""))
    if kept is None or kept["installation"] != str(installation.pk):
        return None
    ids = None if kept["ids"] is None else tuple(kept["ids"])
    return Chosen(Selection.read(QueryDict(kept["query"])), ids)
