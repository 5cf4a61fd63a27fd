"""The operators' settings: environments and the partner's application credentials."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from integrations.connections.grants import client_credentials, consent
from integrations.connections.models import Environment
from integrations.connections.views.forms import ApplicationForm, EnvironmentForm
from portal.accounts.guard import current_user, operators_only
from portal.audit import log
from portal.core.pages import render


@operators_only
def new_environment(request: HttpRequest) -> HttpResponse:
    """Add an environment."""
    return _edit(request, None)


@operators_only
def environment_screen(request: HttpRequest, name: str) -> HttpResponse:
    """Change an environment's URLs and limits."""
    return _edit(request, get_object_or_404(Environment, name=name))


def _edit(request: HttpRequest, environment: Environment | None) -> HttpResponse:
    form = EnvironmentForm(request.POST or None, instance=environment)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save()
            log.record(
                "environment.saved",
                actor=current_user(request),
                target=saved,
                fields=sorted(form.changed_data),
            )
        return redirect("settings")
    title = environment.label if environment else "New environment"
    return render(
        request, "connections/environment.html", {"form": form, "environment": environment}, title=title
    )


@operators_only
def application_screen(request: HttpRequest, name: str) -> HttpResponse:
    """Store or replace the application credentials of an environment. Stored ones are never shown."""
    environment = get_object_or_404(Environment, name=name)
    existing = getattr(environment, "application", None)
    form = ApplicationForm(request.POST or None, initial={"scopes": existing.scopes} if existing else None)
    if request.method == "POST" and form.is_valid():
        client_credentials.set_application(
            environment=environment,
            client_id=form.cleaned_data["client_id"],
            client_secret=form.cleaned_data["client_secret"],
            scopes=form.cleaned_data["scopes"],
            actor=current_user(request),
        )
        messages.success(request, f"Saved the application credentials for {environment.label}.")
        return redirect("settings")
    context = {
        "form": form,
        "environment": environment,
        "existing": existing,
        "redirect_uri": consent.redirect_uri(environment),
    }
    return render(
        request, "connections/application.html", context, title=f"Application in {environment.label}"
    )
