"""Home and Settings: screens made of the panels that the apps register."""

from django.http import HttpRequest, HttpResponse

from portal.accounts.guard import operators_only, signed_in
from portal.core import panels
from portal.core.pages import render


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """What needs a person now, and how everything stands."""
    return render(request, "site/home.html", {"panels": panels.draw("home", request)}, title="Home")


@operators_only
def settings_screen(request: HttpRequest) -> HttpResponse:
    """What the partner sets: environments, application credentials, and a first-run checklist."""
    return render(
        request, "site/settings.html", {"panels": panels.draw("settings", request)}, title="Settings"
    )
