"""Deleting one's own account: memberships end as if an admin had ended them, then the person is gone.

The audit log keeps the id, which then leads to nobody.
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
    """Why ``user`` can't delete their account now, as a sentence; empty where they can."""
    others = User.objects.filter(is_operator=True, is_active=True).exclude(pk=user.pk)
    if user.is_operator and not others.exists():
        return "You are the only operator: nobody could serve the portal any more. Make somebody else operator first."
    for membership in user.memberships.select_related("organization"):
        if members.is_last_admin(membership):
            name = membership.organization.name
            return f"You are the last admin of {name}. Make somebody else admin there first, or ask the operator."
    return ""


def delete(*, user: User) -> None:
    """Delete the account of ``user``, at their own wish. Raises Refused with a sentence, and then nothing changed."""
    with transaction.atomic():
        # one at a time: two last operators could otherwise let each other go
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
    """Delete those that hold the address, whatever became of them; for those still open the log says that they end."""
    rows = Invitation.objects.select_related("organization").filter(
        Q(email__iexact=user.email) | Q(accepted_by=user)
    )
    at = clock.now()
    for row in rows:
        if row.is_open(at):
            log.record("invitation.withdrawn", actor=user, organization=row.organization, target=row)
    rows.delete()
