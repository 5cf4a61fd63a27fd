"""The page of an invitation: who invites to which organization, and the button that accepts."""

from allauth.account.adapter import get_adapter
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from portal.accounts import allauth_internals
from portal.accounts.models import User
from portal.accounts.rate_limits import limited
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations.invitations import invitations, pending
from portal.organizations.invitations import text as invitation_text
from portal.organizations.models import Invitation
from portal.organizations.roles import Role

UNKNOWN = (
    "This link doesn't work. If you received a newer invitation, use its link. If the link is split across two lines in "
    "your email, copy all of it. Otherwise, ask the person who invited you to resend it."
)


@never_cache
@limited("invitation", limit_get=True)
def invitation_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation. The button accepts it, or signs out a user it was not sent to."""
    invitation = invitations.find(token)
    if invitation is None:
        return _unusable(request, UNKNOWN, status=404)
    sentence = invitations.sentence(invitation, clock.now())
    if sentence and isinstance(request.user, User) and invitation.accepted_by_id == request.user.pk:
        if request.method == "POST":  # pressed again, in this tab or another
            return redirect(pending.landing_page(invitation))
        sentence = f"You accepted this invitation and are a member of {invitation.organization.name}."
    if sentence:
        return _unusable(request, sentence, status=410)
    if request.method == "POST" and request.POST.get("action") == "sign_out":
        logout(request)
        return redirect("invitation", token=token)
    if request.method == "POST" and not _is_someone_else(request, invitation):
        return _accept(request, invitation)
    if request.method == "GET" and not _is_someone_else(request, invitation):
        invitations.mark_opened(invitation)
    return _show(request, invitation)


def _is_someone_else(request: HttpRequest, invitation: Invitation) -> bool:
    return isinstance(request.user, User) and request.user.email.lower() != invitation.email


def _show(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    role = Role(invitation.role)
    text = invitation_text.describe(
        organization=invitation.organization, role=role, asker=invitation.invited_by
    )
    context = {
        "invitation": invitation,
        "sentences": text.sentences,
        "role": role,
        "is_officer": role is Role.OFFICER,
        "is_someone_else": _is_someone_else(request, invitation),
        "title": f"Join {invitation.organization.name}",
    }
    return render(request, "organizations/invitation.html", context)


def _unusable(request: HttpRequest, sentence: str, *, status: int) -> HttpResponse:
    context = {"sentence": sentence, "title": "This invitation can't be used"}
    return render(request, "organizations/invitation_unusable.html", context, status=status)


def _accept(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Accept, or first send the person to sign in or to create an account."""
    pending.hold(request, invitation)
    if isinstance(request.user, User):
        joined = pending.settle(request, request.user)
        return redirect(pending.landing_page(joined) if joined is not None else reverse("home"))
    account = User.objects.filter(email__iexact=invitation.email).first()
    if account is not None:
        return redirect("account_login" if account.has_usable_password() else "account_request_login_code")
    if invitation.role == Role.OFFICER:
        return _accept_as_officer(request, invitation)
    get_adapter().stash_verified_email(request, invitation.email)
    return redirect("account_signup")


def _accept_as_officer(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    try:
        user = invitations.accept_without_password(invitation=invitation)
    except Refused as refused:
        return _unusable(request, str(refused), status=410)
    return allauth_internals.sign_in(request, user)
