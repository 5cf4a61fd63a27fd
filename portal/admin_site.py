"""Django's admin at /admin/: for operators only, signed in through allauth; everybody else gets 404."""

from functools import update_wrapper
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.apps import SimpleAdminConfig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache

#: Views of the stock site that the portal does not have. People sign out and change passwords through allauth, nothing
#: is edited, so nothing is completed, and pages link to the portal themselves.
LEFT_OUT = frozenset({"logout", "password_change", "password_change_done", "autocomplete", "view_on_site"})


class PortalAdminSite(AdminSite):
    """The admin site. Its models are registered one by one: see `tests/portal/test_admin_site.py` for the list."""

    site_title = "Django admin"
    site_header = "Django admin"
    index_title = "Tables"
    site_url = "/"
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the person who asks is an operator."""
        return bool(request.user.is_active and getattr(request.user, "is_staff", False))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Wrap ``view`` so that only operators reach it. The stock site redirects others to a sign-in: that tells them
        the address exists.
        """

        stock = super().admin_view(view, cacheable)

        def for_operators(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                raise Http404
            response: HttpResponse = stock(request, *args, **kwargs)
            return response

        return update_wrapper(for_operators, view)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Return the stock addresses without those in `LEFT_OUT`."""
        return [each for each in super().get_urls() if getattr(each, "name", None) not in LEFT_OUT]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to allauth's sign-in, where the second factor is asked for, and from there back to the admin."""
        return never_cache(self._lead_to_sign_in)(request)

    def _lead_to_sign_in(self, request: HttpRequest) -> HttpResponse:
        index = reverse("admin:index", current_app=self.name)
        wanted = request.GET.get("next", "")
        inside = wanted.startswith(index) and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
        page = wanted if inside else index
        if self.has_permission(request):
            return HttpResponseRedirect(page)
        return HttpResponseRedirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': page})}")


class AdminConfig(SimpleAdminConfig):
    """Django's admin with the site above and without autodiscovery.

    Autodiscovery would publish authenticators and django-q2's schedules, through which any function can be run.
    """

    default_site = "portal.admin_site.PortalAdminSite"
