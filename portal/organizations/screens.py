"""What every screen shares: who may open it, the organization it is about, and the frame it is drawn in.

A screen is a plain Django view. `organization_screen` resolves the organization from the address, answers 404 to
whoever may not see it (never a redirect: existence is not told), and hands the view ``request`` and ``organization``.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from portal.organizations.models import Organization, User
from portal.organizations.roles import Capability

View = Callable[..., HttpResponse]
CHOSEN = "organization"


def signed_in(view: View) -> View:
    """A screen for everybody who has signed in; it shows each only what is theirs."""
    return login_required(view)


def operators_only(view: View) -> View:
    """A screen of the partner's own: for everybody else the address does not exist."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not getattr(request.user, "is_operator", False):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def organization_screen(capability: Capability) -> Callable[[View], View]:
    """A screen about the organization whose ``slug`` is in the address, for roles that may do ``capability``."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            visible = Organization.objects.visible_to(request.user)
            organization = get_object_or_404(visible, slug=slug)
            if not organization.allows(request.user, capability):  # type: ignore[arg-type]
                raise Http404
            # a page that polls in another tab chooses nothing
            polls = bool(request.headers.get("HX-Request"))
            if not polls and request.session.get(CHOSEN) != organization.slug:
                request.session[CHOSEN] = organization.slug
            return view(request, organization, *args, **kwargs)

        return guarded

    return decorate


def chosen(request: HttpRequest) -> Organization | None:
    """The organization last looked at, or the only one there is for this person."""
    visible = Organization.objects.visible_to(request.user)
    found = visible.filter(slug=request.session.get(CHOSEN, "")).first()
    if found is None and not getattr(request.user, "is_operator", False):
        found = visible.first()
    return found


def switcher(request: HttpRequest) -> dict[str, Any]:
    """For the frame: the organization that the page is about, and whether there are others to switch to.

    A page of all organizations says so, though `chosen` remembers one; who has only one always reads its name.
    """
    operator = bool(getattr(request.user, "is_operator", False))
    shows = operator or Organization.objects.visible_to(request.user).count() > 1
    about_one = not shows or (request.resolver_match and "slug" in request.resolver_match.kwargs)
    return {"organization": chosen(request) if about_one else None, "shows": shows}


def person(request: HttpRequest) -> User:
    """Whoever is signed in, as our own user."""
    assert isinstance(request.user, User)
    return request.user


def typed(values: QueryDict, name: str) -> str:
    """What stands in a query or form under ``name``, without the NUL that no text in a database may hold."""
    return (values.get(name) or "").replace("\0", "")


def render(
    request: HttpRequest, template: str, context: dict[str, Any], *, title: str, status: int = 200
) -> HttpResponse:
    """Draw a screen in the portal's frame."""
    return TemplateResponse(request, template, {"title": title, **context}, status=status)
