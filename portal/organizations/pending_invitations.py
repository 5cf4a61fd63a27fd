"""An accepted invitation whose invitee still has to sign up or to sign in.

The browser session keeps the hash of the link, never the link: of a link that was replaced or withdrawn meanwhile
nothing is left to use.
"""

from django.contrib import messages
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from portal.accounts import allauth_internals
from portal.accounts.models import User
from portal.core.errors import Refused
from portal.organizations import invitations
from portal.organizations.models import Invitation
from portal.organizations.roles import Role
from portal.organizations.views.guard import CHOSEN

KEY = "invitation"


def hold(request: HttpRequest, invitation: Invitation) -> None:
    """Remember that whoever sits at this browser pressed Accept."""
    request.session[KEY] = invitation.token_hash


def held(request: HttpRequest) -> Invitation | None:
    """What this browser still has to sign up or in for."""
    token_hash = request.session.get(KEY)
    return invitations.found_by(token_hash) if token_hash else None


def settle(request: HttpRequest, user: User) -> Invitation | None:
    """Right after signing in: use up what was held. Answers the invitation by which ``user`` is now a member, if any."""
    invitation = held(request)
    request.session.pop(KEY, None)
    if invitation is None:
        return None
    if invitation.accepted_by_id != user.pk:
        belongs_elsewhere = user.memberships.exists()
        try:
            invitations.accept(invitation=invitation, user=user)
        except Refused as refused:
            messages.warning(request, str(refused))
            return None
        if belongs_elsewhere:
            # whoever else may be signed in with this account was let in by another organization
            allauth_internals.end_other_sessions(request, user)
    request.session[CHOSEN] = invitation.organization.slug
    return invitation


def arrival(invitation: Invitation) -> str:
    """Where a new member goes first: whoever can connect, to the Connect screen; everybody else Home."""
    if invitation.role in (Role.ADMIN, Role.OFFICER):
        try:
            return reverse("connect", args=[invitation.organization.slug])
        except NoReverseMatch:  # without the apps that connect
            pass
    return reverse("home")
