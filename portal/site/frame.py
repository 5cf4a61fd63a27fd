"""The frame around every page: the menu, the switcher, whether all is stopped, and in the demo its banner and people."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from integrations.connections.limits import kill_switch
from integrations.connections.models import KillSwitch
from portal.core import clock
from portal.organizations.views.guard import switcher
from portal.site.menu import entries


def _stop(request: HttpRequest) -> KillSwitch | None:
    """The stop-everything switch while it is on. Asked once a request."""
    if not hasattr(request, "portal_stop"):
        request.portal_stop = kill_switch.get_active()  # type: ignore[attr-defined]
    stop: KillSwitch | None = request.portal_stop  # type: ignore[attr-defined]
    return stop


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: what the portal's frame shows around every page."""
    context: dict[str, Any] = {"menu": [], "DEMO": settings.DEMO, "banner": "", "personas": []}
    if settings.DEMO:
        from portal.demo import summary

        hours = round(clock.offset() / 3600)
        distance = f"{hours} h" if hours < 48 else f"{hours // 24} days"
        ahead = f"; its clock is {distance} ahead" if hours else ""
        context |= {
            "banner": f"Sandbox: invented people{ahead}",
            "personas": SimpleLazyObject(summary.personas),
        }
    if hasattr(request, "user") and request.user.is_authenticated:
        context["menu"] = entries(request)
        # panels and fragments are drawn with this context too, and have no use for it
        context["switcher"] = SimpleLazyObject(lambda: switcher(request))
        context["stop"] = SimpleLazyObject(lambda: _stop(request))
        context["layout"] = "site/base.html"
    return context
