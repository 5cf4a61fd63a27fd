"""Home and Settings: pages made of the panels that the apps register."""

from typing import get_args

from django.http import HttpRequest, HttpResponse

from portal.accounts.guard import operators_only, signed_in
from portal.core import panels
from portal.core.pages import render


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """Show what needs attention, and the state of everything."""
    context = {place: panels.draw("home", request, place=place) for place in get_args(panels.Place)}
    return render(request, "site/home.html", {"places": context}, title="Home")


@operators_only
def settings_screen(request: HttpRequest) -> HttpResponse:
    """Show what the partner sets up: environments, application credentials, and a first-run checklist."""
    return render(
        request, "site/settings.html", {"panels": panels.draw("settings", request)}, title="Settings"
    )
