"""Access to the pages of an organization, and the organization that a person works in.

`organization_view` finds the organization in the URL and calls the view with ``request`` and ``organization``. People who
may not see the organization get 404, never a redirect, which would reveal that it exists.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from portal.accounts.rate_limits import limited
from portal.organizations.models import Organization
from portal.organizations.roles import Capability, Role, allows

View = Callable[..., HttpResponseBase]
CHOSEN = "organization"


def organization_view(capability: Capability, *, rate: str = "change") -> Callable[[View], View]:
    """Decorate a page of the organization with the ``slug`` in the URL, for roles that allow ``capability``.

    ``rate`` names the rate limit of requests that change something.
    """

    def decorate(view: View) -> View:
        counted = limited(rate)(view)

        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            visible = Organization.objects.visible_to(request.user)
            organization = get_object_or_404(visible, slug=slug)
            role = organization.role_of(request.user)  # type: ignore[arg-type]
            if role is None or not allows(role, capability):
                raise Http404
            # a page that polls in another browser tab must not switch the organization
            is_poll = bool(request.htmx)  # type: ignore[attr-defined]
            request.portal_organization, request.portal_role = organization, role  # type: ignore[attr-defined]
            if not is_poll and request.session.get(CHOSEN) != organization.slug:
                request.session[CHOSEN] = organization.slug
            return counted(request, organization, *args, **kwargs)

        guarded.capability = capability  # type: ignore[attr-defined]
        return guarded

    return decorate


def current_organization(request: HttpRequest) -> Organization | None:
    """Return the organization last opened, or else the first of a member's organizations. Runs once per request."""
    if not hasattr(request, "portal_organization"):
        visible = Organization.objects.visible_to(request.user)
        found = visible.filter(slug=request.session.get(CHOSEN, "")).first()
        if found is None and not getattr(request.user, "is_operator", False):
            found = visible.first()
        request.portal_organization = found  # type: ignore[attr-defined]
    organization: Organization | None = request.portal_organization  # type: ignore[attr-defined]
    return organization


def current_role(request: HttpRequest) -> Role | None:
    """Return the person's role in the organization they work in. Runs once per request."""
    if not hasattr(request, "portal_role"):
        organization = current_organization(request)
        request.portal_role = (  # type: ignore[attr-defined]
            organization.role_of(request.user) if organization else None  # type: ignore[arg-type]
        )
    role: Role | None = request.portal_role  # type: ignore[attr-defined]
    return role
