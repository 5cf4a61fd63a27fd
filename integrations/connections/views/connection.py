"""The pages of connections: one connection with its actions, and the OAuth redirects to Total Expert and back."""

import secrets
import uuid
from typing import get_args

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.connections import environments, installations, lifecycle
from integrations.connections.grants import consent
from integrations.connections.limits import ledger
from integrations.connections.models import Connection, ConnectionState, Egress, Environment, Installation
from integrations.connections.permissions import may_manage, may_resume, visible_connection
from integrations.connections.views import connection_page, health
from integrations.total_expert import TotalExpertError
from portal.accounts.guard import current_user, signed_in
from portal.accounts.rate_limits import limited
from portal.core import paging, panels
from portal.core.pages import render
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

#: The session key of the secret that a consent attempt is bound to.
SESSION_KEY = "consent"


@organization_view(Capability.BROWSE)
def connection_screen(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """Show a connection: its health, scopes, what it sees, its tokens, and dates."""
    connection = visible_connection(request, organization, pk)
    is_operator = current_user(request).is_operator
    found = health.of(connection, for_operator=is_operator)
    return connection_page.draw(
        request,
        connection,
        "connections/overview.html",
        tab="connection",
        waits=not found.is_available_now,
        health=found,
        rival=connection.conflicts_with if is_operator else None,
        has_egresses=Egress.objects.exclude(name=Egress.DIRECT).exists(),
        places={
            place: panels.draw("connection", request, connection, place=place)
            for place in get_args(panels.Place)
        },
    )


@organization_view(Capability.BROWSE)
def token_requests(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """List the token requests of a connection, latest first."""
    connection = visible_connection(request, organization, pk)
    page = paging.numbered(connection.token_requests.select_related("budget__egress"), request.GET)
    return connection_page.draw(
        request,
        connection,
        "connections/token_requests.html",
        tab="token_requests",
        waits=health.must_wait(connection),
        page=page,
    )


@organization_view(Capability.CONSENT)
def my_connection(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Redirect to the person's own connection, or to the page where they create it."""
    own = Connection.objects.filter(installation__organization=organization, user=current_user(request))
    connection = own.exclude(state=ConnectionState.PENDING).order_by("-since").first()
    if connection is None:
        return redirect("connect", slug=organization.slug)
    return redirect("connection", slug=organization.slug, pk=connection.pk)


@require_POST
@organization_view(Capability.BROWSE)
@limited("connection")
def change_connection(
    request: HttpRequest, organization: Organization, pk: uuid.UUID, verb: str
) -> HttpResponse:
    """Pause, resume, or revoke a connection."""
    connection = visible_connection(request, organization, pk)
    if not may_manage(request, connection):
        raise Http404
    change = {"pause": lifecycle.pause, "resume": lifecycle.resume, "revoke": lifecycle.revoke}[verb]
    if verb == "resume" and not may_resume(request, connection):
        messages.error(request, "An admin or operator paused this connection, so only they can resume it.")
    elif not change(connection, actor=current_user(request)):
        messages.error(
            request,
            f"Nothing was changed. This connection is now {connection.get_state_display().lower()}.",
        )
    elif verb == "revoke":
        messages.success(
            request,
            "The portal deleted the tokens. Total Expert doesn't let the portal revoke access: remove the application in "
            "Total Expert's settings as well, or ask its support.",
        )
    return redirect("connection", slug=organization.slug, pk=connection.pk)


def session_secret(request: HttpRequest) -> str:
    """Return a secret of this browser session. Create it if needed."""
    if SESSION_KEY not in request.session:
        request.session[SESSION_KEY] = secrets.token_urlsafe(24)
    return str(request.session[SESSION_KEY])


@require_POST
@organization_view(Capability.CONSENT)
@limited("consent")
def begin_consent(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Reserve a token slot and send the person to Total Expert, or back to the page that offers the next available time."""
    selected = get_object_or_404(Environment, name=environment, application__isnull=False)
    if not environments.allows_consent(selected, organization):
        raise Http404
    installation = installations.get_or_create(organization, selected)
    try:
        url = consent.begin(
            installation=installation, user=current_user(request), session=session_secret(request)
        )
    except ledger.NoSlot:
        return redirect("connect", slug=organization.slug)
    except TotalExpertError as problem:
        messages.error(request, str(problem))
        return redirect("connect", slug=organization.slug)
    return redirect(url)


def allow_form_to(response: HttpResponse, environment: Environment) -> None:
    """Allow a form on this page to redirect to the environment's sign-in page, which ``form-action`` restricts."""
    response._csp_update = {"form-action": [environments.origin(environment.authorize_url)]}  # type: ignore[attr-defined]


@signed_in
def oauth_callback(request: HttpRequest) -> HttpResponse:
    """Receive the person that Total Expert sends back."""
    response = consent.AuthorizationResponse(
        state=request.GET.get("state", "")[:200],
        code=request.GET.get("code", "")[:400],
        error=request.GET.get("error", "")[:80],
    )
    user = current_user(request)
    try:
        connection = consent.finish(response, user=user, session=str(request.session.get(SESSION_KEY, "")))
    except (consent.ResponseRefused, TotalExpertError) as refused:
        return _refusal(request, refused, consent.find_installation(response.state, user=user))
    organization = connection.installation.organization
    return redirect(reverse("connect_result", args=[organization.slug, connection.pk]))


def _refusal(request: HttpRequest, refused: Exception, installation: Installation | None) -> HttpResponse:
    denied = isinstance(refused, consent.AccessDenied)
    back = reverse("connect", args=[installation.organization.slug]) if installation else reverse("home")
    context = {"sentence": str(refused), "denied": denied, "back": back}
    title = "You declined access" if denied else "Not connected"
    return render(request, "connections/refused.html", context, title=title, status=200 if denied else 400)
