"""Delete one's own account: remove the memberships as an admin would, then the user.

The audit log keeps the user's id.
"""

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Q

from portal.accounts.models import User
from portal.audit import log
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations import members
from portal.organizations.models import Invitation


def refusal(user: User) -> str:
    """Return why ``user`` can't delete their account now, as a sentence, or an empty string if they can."""
    others = User.objects.filter(is_operator=True, is_active=True).exclude(pk=user.pk)
    if user.is_operator and not others.exists():
        return "You're the only operator. Make someone else an operator first."
    for membership in user.memberships.select_related("organization"):
        if members.is_last_admin(membership):
            name = membership.organization.name
            return f"You're the last admin of {name}. Make someone else an admin first, or ask an operator."
    return ""


def delete(*, user: User) -> None:
    """Delete the account of ``user`` at their own request. Raise Refused, leaving everything unchanged."""
    with transaction.atomic():
        # lock the operators: otherwise the last two could delete their accounts at the same time
        list(User.objects.select_for_update().filter(is_operator=True).values_list("pk", flat=True))
        sentence = refusal(user)
        if sentence:
            raise Refused(sentence)
        for membership in user.memberships.order_by("organization"):
            members.remove(membership=membership, actor=user)
        log.record("account.deleted", actor=user, target=user)
        _erase_invitations(user)
        for session in UserSession.objects.filter(user=user):
            session.end()
        user.delete()


def _erase_invitations(user: User) -> None:
    """Delete all invitations with the user's address. Record open ones in the audit log as withdrawn."""
    rows = Invitation.objects.select_related("organization").filter(
        Q(email__iexact=user.email) | Q(accepted_by=user)
    )
    at = clock.now()
    for row in rows:
        if row.is_open(at):
            log.record("invitation.withdrawn", actor=user, organization=row.organization, target=row)
    rows.delete()
