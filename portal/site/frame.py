"""The frame around every page: the menu, the switcher, whether calls are stopped, and the demo's banner and people."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from integrations.connections.limits import kill_switch
from integrations.connections.models import KillSwitch
from portal.core import clock
from portal.organizations.roles import Capability, Role, allows
from portal.organizations.views.guard import current_organization, current_role
from portal.site import menu
from portal.site.switcher import Switcher


def _stop(request: HttpRequest) -> KillSwitch | None:
    """Return the kill switch while it is on. Asked once a request."""
    if not hasattr(request, "portal_stop"):
        request.portal_stop = kill_switch.get_active()  # type: ignore[attr-defined]
    stop: KillSwitch | None = request.portal_stop  # type: ignore[attr-defined]
    return stop


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: what the portal's frame shows around every page."""
    context: dict[str, Any] = {"menu": None, "DEMO": settings.DEMO, "banner": "", "personas": []}
    if settings.DEMO:
        from portal.demo import summary

        context |= {
            "banner": SimpleLazyObject(_banner),
            "personas": SimpleLazyObject(summary.personas),
        }
    if hasattr(request, "user") and request.user.is_authenticated:
        # lazy: panels and fragments are drawn with this context too, and have no use for it
        context["menu"] = SimpleLazyObject(lambda: menu.of(request))
        context["switcher"] = SimpleLazyObject(lambda: Switcher(request))
        context["stop"] = SimpleLazyObject(lambda: _stop(request))
        context["trail"] = SimpleLazyObject(lambda: _trail(request))
        context["layout"] = "site/base.html"
    return context


def _trail(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the pages above one about an organization, as titles and addresses: those that this person may open."""
    organization = current_organization(request)
    slug = request.resolver_match.kwargs.get("slug") if request.resolver_match else None
    if organization is None or organization.slug != slug:
        return []
    role = current_role(request)
    trail = [("Organizations", reverse("organizations"))] if role is Role.OPERATOR else []
    own = reverse("organization", args=[slug])
    if role is not None and allows(role, Capability.OVERVIEW) and request.path != own:
        trail.append((organization.name, own))
    return trail


def _banner() -> str:
    hours = round(clock.offset() / 3600)
    if not hours:
        return "Sandbox: invented people"
    distance = f"{hours} h" if hours < 48 else f"{hours // 24} days"
    return f"Sandbox: invented people, clock {distance} ahead"
