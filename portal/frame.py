"""The frame around every page: the menu, the switcher, whether all is stopped, and in the demo its banner and people."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from integrations.connections import stops
from portal import clock
from portal.menu import entries
from portal.organizations.screens import switcher


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
        context["switcher"] = switcher(request)
        context["stop"] = stops.current()
        context["layout"] = "portal/base.html"
    return context
