"""The admin site: one place for everything, in the look of django-unfold on a frame of our own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite

from portal.menu import entries
from portal.organizations.screens import switcher


class PortalSite(UnfoldAdminSite):
    site_title = "Integration portal"
    site_header = "Integration portal"
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Django's own admin pages (settings tables) are the operators'; the screens decide for themselves."""
        return bool(request.user.is_active and getattr(request.user, "is_operator", False))

    def admin_view(
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        """Django would send whoever has no right to its own sign-in page; for people who are signed in it's 404."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                raise Http404
            response: HttpResponse = inner(request, *args, **kwargs)
            return response

        return guarded

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Signing in goes through allauth only, or its limits and second factor would be bypassed."""
        return redirect(f"{reverse('account_login')}?next={request.get_full_path()}")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("home")


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: what the portal's frame shows around every page."""
    context: dict[str, Any] = {"menu": [], "DEMO": settings.DEMO, "banner": "", "personas": []}
    if settings.DEMO:
        from portal.demo import summary

        context |= {"banner": "Sandbox: invented people", "personas": SimpleLazyObject(summary.personas)}
    if hasattr(request, "user") and request.user.is_authenticated:
        context["menu"] = entries(request)
        context["switcher"] = switcher(request)
    return context
