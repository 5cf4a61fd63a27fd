"""The screens of connections: one connection with its actions, the way to Total Expert and back."""

import secrets
import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.connections import environments, installations, lifecycle
from integrations.connections.grants import consent
from integrations.connections.limits import ledger
from integrations.connections.models import Connection, ConnectionState, Egress, Environment, Installation
from integrations.connections.permissions import connection_title, may_manage, may_resume, visible_connection
from integrations.connections.views import health
from integrations.total_expert import TotalExpertError
from portal.accounts.guard import current_user, signed_in
from portal.accounts.rate_limits import limited
from portal.core import panels
from portal.core.pages import render
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

#: Where the browser session keeps the secret that a consent attempt is bound to.
SESSION_KEY = "consent"


@organization_view(Capability.BROWSE)
def connection_screen(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """One connection: its health, scopes, token clock and next slot, and what it sees."""
    connection = visible_connection(request, organization, pk)
    context = {
        "organization": organization,
        "connection": connection,
        "health": health.of(connection, for_operator=current_user(request).is_operator),
        "may_manage": may_manage(request, connection),
        "may_resume": may_resume(request, connection),
        "own": connection.user_id == current_user(request).pk,
        "ways": _ways(request),
        "rival": connection.conflicts_with if current_user(request).is_operator else None,
        "panels": panels.draw("connection", request, connection),
    }
    return render(request, "connections/connection.html", context, title=connection_title(connection))


def _ways(request: HttpRequest) -> list[Egress]:
    """The source addresses to choose from: operators', where there is a choice."""
    ways = list(Egress.objects.all()) if current_user(request).is_operator else []
    return ways if len(ways) > 1 else []


@organization_view(Capability.CONSENT)
def my_connection(request: HttpRequest, organization: Organization) -> HttpResponse:
    """A person's own connection, or the page where they make it."""
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
    """Pause, resume or revoke."""
    connection = visible_connection(request, organization, pk)
    if not may_manage(request, connection):
        raise Http404
    change = {"pause": lifecycle.pause, "resume": lifecycle.resume, "revoke": lifecycle.revoke}[verb]
    if verb == "resume" and not may_resume(request, connection):
        messages.error(request, "Whoever manages the organization paused this connection, and can resume it.")
    elif not change(connection, actor=current_user(request)):
        messages.error(
            request,
            f"Nothing was changed: by now this connection is {connection.get_state_display().lower()}.",
        )
    elif verb == "revoke":
        messages.success(
            request,
            "The tokens were forgotten here. Total Expert has no way to revoke from outside: to end the access over "
            "there as well, remove the application in Total Expert's settings, or ask its support.",
        )
    return redirect("connection", slug=organization.slug, pk=connection.pk)


def session_secret(request: HttpRequest) -> str:
    """A secret of this browser session, made when there is none."""
    if SESSION_KEY not in request.session:
        request.session[SESSION_KEY] = secrets.token_urlsafe(24)
    return str(request.session[SESSION_KEY])


@require_POST
@organization_view(Capability.CONSENT)
@limited("consent")
def begin_consent(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Hold a token slot and send the person to Total Expert; without a slot, back to the page that offers the time."""
    world = get_object_or_404(Environment, name=environment, application__isnull=False)
    if not environments.allows_consent(world, organization):
        raise Http404
    installation = installations.get_or_create(organization, world)
    try:
        address = consent.begin(
            installation=installation, user=current_user(request), session=session_secret(request)
        )
    except ledger.NoSlot:
        return redirect("connect", slug=organization.slug)
    except TotalExpertError as problem:
        messages.error(request, str(problem))
        return redirect("connect", slug=organization.slug)
    return redirect(address)


def allow_form_to(response: HttpResponse, environment: Environment) -> None:
    """Let a form on this page end at the environment's sign-in: browsers check redirects against ``form-action``."""
    response._csp_update = {"form-action": [environments.origin(environment.authorize_url)]}  # type: ignore[attr-defined]


@signed_in
def oauth_callback(request: HttpRequest) -> HttpResponse:
    """Where Total Expert sends people back to."""
    returned = consent.AuthorizationResponse(
        state=request.GET.get("state", "")[:200],
        code=request.GET.get("code", "")[:400],
        error=request.GET.get("error", "")[:80],
    )
    user = current_user(request)
    try:
        connection = consent.finish(returned, user=user, session=str(request.session.get(SESSION_KEY, "")))
    except (consent.ResponseRefused, TotalExpertError) as refused:
        return _refusal(request, refused, consent.find_installation(returned.state, user=user))
    organization = connection.installation.organization
    return redirect(reverse("connect_result", args=[organization.slug, connection.pk]))


def _refusal(request: HttpRequest, refused: Exception, installation: Installation | None) -> HttpResponse:
    denied = isinstance(refused, consent.AccessDenied)
    back = reverse("connect", args=[installation.organization.slug]) if installation else reverse("home")
    context = {"sentence": str(refused), "denied": denied, "back": back}
    title = "You said no, and that is fine" if denied else "This did not connect"
    return render(request, "connections/refused.html", context, title=title, status=200 if denied else 400)
