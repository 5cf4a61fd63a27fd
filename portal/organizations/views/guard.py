"""Who may open a page about an organization, and which organization a person works in.

`organization_view` resolves the organization from the address, answers 404 to people who may not see it (never a
redirect: that would tell that it exists), and hands the view ``request`` and ``organization``.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from portal.organizations.models import Organization
from portal.organizations.roles import Capability

View = Callable[..., HttpResponse]
CHOSEN = "organization"


def organization_view(capability: Capability) -> Callable[[View], View]:
    """Decorate a page about the organization with the ``slug`` in the address, for roles that may do ``capability``."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            visible = Organization.objects.visible_to(request.user)
            organization = get_object_or_404(visible, slug=slug)
            if not organization.allows(request.user, capability):  # type: ignore[arg-type]
                raise Http404
            # a page that polls in another tab chooses nothing
            is_poll = bool(request.htmx)  # type: ignore[attr-defined]
            if not is_poll and request.session.get(CHOSEN) != organization.slug:
                request.session[CHOSEN] = organization.slug
            return view(request, organization, *args, **kwargs)

        return guarded

    return decorate


def current_organization(request: HttpRequest) -> Organization | None:
    """The organization last looked at, or the only one there is for this person."""
    visible = Organization.objects.visible_to(request.user)
    found = visible.filter(slug=request.session.get(CHOSEN, "")).first()
    if found is None and not getattr(request.user, "is_operator", False):
        found = visible.first()
    return found


def switcher(request: HttpRequest) -> dict[str, Any]:
    """For the frame: the organization that the page is about, and whether there are others to switch to.

    A page of all organizations says so, though `current_organization` remembers one; who has only one always reads its name.
    """
    operator = bool(getattr(request.user, "is_operator", False))
    shows = operator or Organization.objects.visible_to(request.user).count() > 1
    about_one = not shows or (request.resolver_match and "slug" in request.resolver_match.kwargs)
    return {"organization": current_organization(request) if about_one else None, "shows": shows}
