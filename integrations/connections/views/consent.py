"""The OAuth redirects to Total Expert and back."""

import secrets

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.connections import environments, installations, lifecycle
from integrations.connections.grants import consent
from integrations.connections.limits import ledger
from integrations.connections.models import ConnectionState, Environment, Installation
from integrations.connections.permissions import RESUME_REFUSED
from integrations.total_expert import TotalExpertError
from portal.accounts.guard import current_user, signed_in
from portal.accounts.rate_limits import limited
from portal.core.pages import render
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

#: The session key of the secret that a consent attempt is bound to.
SESSION_KEY = "consent"
#: A longer query string is not read.
MAX_QUERY_LENGTH = 16_000


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
    own = installation.connections.filter(user=current_user(request), state=ConnectionState.PAUSED).first()
    if own is not None and not lifecycle.may_resume(own, current_user(request)):
        messages.error(request, RESUME_REFUSED)
        return redirect("connection", slug=organization.slug, pk=own.pk)
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
def oauth_callback(request: HttpRequest, environment: str) -> HttpResponse:
    """Receive the person that Total Expert sends back."""
    is_short = len(request.META.get("QUERY_STRING", "")) <= MAX_QUERY_LENGTH
    parameters = request.GET if is_short else QueryDict()
    response = consent.AuthorizationResponse(
        environment=environment,
        state=parameters.get("state", "")[:200],
        code=parameters.get("code", "")[:2000],
        error=parameters.get("error", "")[:80],
        issuer=parameters.get("iss", "")[:300],
    )
    user = current_user(request)
    try:
        connection = consent.finish(response, user=user, session=str(request.session.get(SESSION_KEY, "")))
    except consent.AlreadyConnected as already:
        messages.info(request, str(already))
        connection = already.connection
    except (consent.ResponseRefused, TotalExpertError) as refused:
        return _refusal(request, refused, consent.find_installation(response.state, user=user))
    organization = connection.installation.organization
    if connection.is_paused:
        messages.warning(request, f"You gave access. {RESUME_REFUSED}")
        return redirect("connection", slug=organization.slug, pk=connection.pk)
    return redirect(reverse("connect_result", args=[organization.slug, connection.pk]))


def _refusal(request: HttpRequest, refused: Exception, installation: Installation | None) -> HttpResponse:
    denied, waits = (isinstance(refused, kind) for kind in (consent.AccessDenied, consent.StillConnecting))
    back = reverse("connect", args=[installation.organization.slug]) if installation else reverse("home")
    context = {
        "sentence": str(refused),
        "denied": denied,
        "tone": "wait" if waits else "bad",
        "action": "Connect" if denied else "Check again" if waits else "Start again",
        "back": request.get_full_path() if waits else back,
    }
    title = "You declined access" if denied else "Still connecting" if waits else "Not connected"
    status = 200 if denied or waits else 400
    return render(request, "connections/refused.html", context, title=title, status=status)
