"""Connect an organization by consent or client credentials, and show the result."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as render_fragment
from django.views.decorators.http import require_POST

from integrations.connections import environments, installations
from integrations.connections.grants import client_credentials
from integrations.connections.limits import forecast
from integrations.connections.models import Connection, Environment
from integrations.connections.permissions import connection_title, may_connect, may_manage, visible_connection
from integrations.connections.views.consent import allow_form_to
from integrations.connections.views.forms import CredentialsForm
from integrations.directory.browse import access, coverage
from integrations.directory.sync import jobs as sync
from integrations.jobs.models import JobState
from integrations.onboarding import verification, waiting
from integrations.onboarding.models import ConnectReminder, Verification
from integrations.total_expert import Rejected
from portal.accounts.guard import current_user
from portal.accounts.rate_limits import limited
from portal.core import clock
from portal.core.pages import render, text_param, wants_fragment
from portal.organizations.invitations import text
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view


@organization_view(Capability.BROWSE)
@limited("credentials")
def connect(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Connect with one's own Total Expert account, or, for managers, with client credentials."""
    manages = organization.allows(current_user(request), Capability.MANAGE)
    consents = organization.allows(current_user(request), Capability.CONSENT)
    if not (manages or consents):
        raise Http404
    form = CredentialsForm(request.POST or None) if manages else None
    if request.method == "POST" and form is not None and form.is_valid():
        response = _propose(request, organization, form)
        if response is not None:
            return response
    environment = environments.consent_environment(organization)
    context: dict[str, Any] = {
        "organization": organization,
        "form": form,
        "manages": manages,
        "consents": consents,
        "environments": Environment.objects.all() if manages else [],
        "chosen_environment": request.POST.get("environment", ""),
        "environment": environment,
    }
    if consents:
        context["sentences"] = _why(request, organization)
    if environment is not None and consents:
        context |= _consent_context(request, organization, environment)
    title = f"Connect {organization.name} to Total Expert"
    response = render(request, "onboarding/connect.html", context, title=title)
    if environment is not None:
        allow_form_to(response, environment)
    return response


def _propose(request: HttpRequest, organization: Organization, form: CredentialsForm) -> HttpResponse | None:
    environment = get_object_or_404(Environment, name=text_param(request.POST, "environment"))
    try:
        connection = client_credentials.propose(
            installation=installations.get_or_create(organization, environment),
            client_id=form.cleaned_data["client_id"],
            client_secret=form.cleaned_data["client_secret"],
            actor=current_user(request),
        )
    except Rejected as refused:
        form.add_error(None, list(refused.reasons))
        return None
    verification.start(connection, actor=current_user(request))
    return redirect("connect_result", slug=organization.slug, pk=connection.pk)


def _why(request: HttpRequest, organization: Organization) -> tuple[str, ...]:
    """Return who asks this person to connect, and to what."""
    user = current_user(request)
    role = organization.role_of(user)
    assert role is not None  # the guard checked it
    asker = text.asker_of(user, organization)
    return text.describe(organization=organization, role=role, asker=asker).sentences


def _consent_context(
    request: HttpRequest, organization: Organization, environment: Environment
) -> dict[str, Any]:
    own = Connection.objects.filter(
        installation__organization=organization,
        installation__environment=environment,
        user=current_user(request),
    ).first()
    available_at = forecast.next_available_time(environment, own)
    return {
        "own": own,
        "available_at": available_at,
        "is_available": available_at <= clock.now(),
        "mail": ConnectReminder.objects.filter(connection=own, sent_at=None).first() if own else None,
    }


@require_POST
@organization_view(Capability.CONSENT)
@limited("mail_me")
def mail_me(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Request an email for when one can connect."""
    environment = environments.consent_environment(organization)
    if environment is None:
        raise Http404
    waiting.ask(installations.get_or_create(organization, environment), user=current_user(request))
    messages.success(request, "We'll email you when you can connect.")
    return redirect("connect", slug=organization.slug)


@organization_view(Capability.BROWSE)
def connect_result(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """Show the verification of a new connection step by step, then its first sync. The page refreshes itself."""
    connection = visible_connection(request, organization, pk)
    context = _progress(request, connection)
    if wants_fragment(request):
        return render_fragment(request, "onboarding/progress.html", context)
    return render(request, "onboarding/connect_result.html", context, title=connection_title(connection))


def _progress(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    organization = connection.installation.organization
    through = access.limiting_connections(current_user(request), connection.installation)
    tried = Verification.objects.filter(connection=connection).first()
    jobs = connection.jobs.order_by("-created_at")
    verifying = jobs.filter(kind=verification.KIND).first()
    syncing = jobs.filter(kind=sync.KIND).first()
    running = tried is not None and tried.outcome == Verification.Outcome.RUNNING
    stopped = verifying if running and verifying is not None and not verifying.is_active else None
    verified = tried is not None and tried.outcome == Verification.Outcome.DONE
    is_synced = syncing is not None and syncing.state == JobState.DONE
    finished = (
        (tried is None)
        or (not running and not verified)
        or stopped is not None
        or (verified and syncing is not None and not syncing.is_active)
    )
    return {
        "organization": organization,
        "connection": connection,
        "verification": tried,
        "steps": verification.steps_of(connection, tried),
        "verifying": verifying,
        "stopped": stopped,
        "may_connect": may_connect(request, organization),
        "may_invite": organization.allows(current_user(request), Capability.MANAGE),
        "may_test": may_manage(request, connection) and verification.can_start(connection),
        "syncing": syncing if verified else None,
        "is_first_sync": jobs.filter(kind=sync.KIND).count() < 2,
        "is_synced": is_synced and verified,
        "coverage": coverage.of(connection.installation, through=through) if verified else None,
        "finished": finished,
    }


@require_POST
@organization_view(Capability.BROWSE)
@limited("test")
def test_connection(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """Test a connection again."""
    connection = visible_connection(request, organization, pk)
    if not may_manage(request, connection):
        raise Http404
    if not verification.can_start(connection):
        messages.error(request, "Nothing to test. Connect it first.")
        return redirect("connection", slug=organization.slug, pk=pk)
    verification.start(connection, actor=current_user(request))
    return redirect("connect_result", slug=organization.slug, pk=connection.pk)
