"""Invitations accepted in a browser before their user signed in or signed up.

The session stores the hash of the invitation link, not the link, so nothing usable remains of a link that is replaced or
withdrawn in the meantime.
"""

from django.contrib import messages
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from portal.accounts import allauth_internals
from portal.accounts.models import User
from portal.core.errors import Refused
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation
from portal.organizations.roles import Role
from portal.organizations.views.guard import CHOSEN

SESSION_KEY = "invitation"


def hold(request: HttpRequest, invitation: Invitation) -> None:
    """Remember in the session that its user accepted ``invitation``."""
    request.session[SESSION_KEY] = invitation.token_hash


def held(request: HttpRequest) -> Invitation | None:
    """Return the invitation that waits for a sign-in or sign-up in this session, or None."""
    token_hash = request.session.get(SESSION_KEY)
    return invitations.find_by_hash(token_hash) if token_hash else None


def settle(request: HttpRequest, user: User) -> Invitation | None:
    """Accept the waiting invitation right after a sign-in. Return it if ``user`` is a member through it now."""
    invitation = held(request)
    request.session.pop(SESSION_KEY, None)
    if invitation is None:
        return None
    if invitation.accepted_by_id != user.pk:
        has_other_memberships = user.memberships.exists()
        try:
            invitations.accept(invitation=invitation, user=user)
        except Refused as refused:
            messages.warning(request, str(refused))
            return None
        if has_other_memberships:
            # end sessions of anyone else who may use this account: they were invited by another organization only
            allauth_internals.end_other_sessions(request, user)
    request.session[CHOSEN] = invitation.organization.slug
    return invitation


def landing_page(invitation: Invitation) -> str:
    """Return the URL of a new member's first page: Connect for roles that can connect, Home for others."""
    if invitation.role in (Role.ADMIN, Role.OFFICER):
        try:
            return reverse("connect", args=[invitation.organization.slug])
        except NoReverseMatch:  # the app that connects is not installed
            pass
    return reverse("home")
