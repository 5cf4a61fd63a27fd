"""Actions on the contacts chosen in Django's admin: some of them, or all that match. Apps register theirs.

An action leads to a page of the portal, where what it does is reviewed, or returns a file.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from integrations.connections.models import Installation
from integrations.directory.browse.chosen import Chosen
from integrations.directory.views import export
from portal.accounts.guard import current_user
from portal.core.errors import Refused

Run = Callable[[HttpRequest, Installation, Chosen], HttpResponseBase]


@dataclass(frozen=True)
class ContactsAction:
    """An entry of the action menu. ``run`` gets the chosen contacts, which are of one installation."""

    name: str
    label: str
    run: Run
    order: int


_actions: dict[str, ContactsAction] = {}


def register(name: str, *, label: str, run: Run, order: int = 0) -> None:
    """Offer an action, by ascending ``order``. A known ``name`` is replaced."""
    _actions[name] = ContactsAction(name, label, run, order)


def offered() -> list[ContactsAction]:
    """Return the actions in order."""
    return sorted(_actions.values(), key=lambda each: (each.order, each.name))


def _export(ending: str) -> Run:
    def run(request: HttpRequest, installation: Installation, chosen: Chosen) -> HttpResponseBase:
        try:
            return export.download(current_user(request), installation, chosen, ending)
        except Refused as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(request.get_full_path())

    return run


register("export_csv", label="Export as CSV", run=_export("csv"), order=80)
register("export_xlsx", label="Export as Excel", run=_export("xlsx"), order=81)
