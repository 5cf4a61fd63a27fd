"""The demo's own pages: sign in as one of its people, and read its mail."""

from pathlib import Path

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.accounts import allauth_internals
from portal.accounts.models import User
from portal.demo import mail

BACKEND = settings.AUTHENTICATION_BACKENDS[0]


@require_POST
def sign_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign in as one of the demo's people, without a password or a second factor."""
    if not settings.DEMO:
        raise Http404
    user = get_object_or_404(User, pk=pk, is_active=True)
    logout(request)
    login(request, user, backend=BACKEND)
    allauth_internals.record_authentication(request, user, "demo")
    UserSession.objects.create_from_request(request)
    return redirect("home")


def mailbox(request: HttpRequest) -> HttpResponse:
    """Show every mail the portal sent, newest first."""
    if not settings.DEMO:
        raise Http404
    mails = list(reversed(mail.read(Path(settings.DEMO_MAIL_DIR)))) if settings.DEMO_MAIL_DIR else []
    return render(request, "demo/mail.html", {"mails": mails, "title": "Demo mail"})
