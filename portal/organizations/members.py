"""Members: changing what they are, and letting them go.

Every screen asks for the role anew, so whoever is removed or changed has it in all their sessions with the next click.
"""

from django.db import transaction

from portal.accounts.models import User
from portal.audit import log
from portal.core.errors import Refused
from portal.organizations import invitations, signals
from portal.organizations.models import Membership, Organization
from portal.organizations.roles import MEMBER_ROLES, Capability, Role, allows


def change_role(*, membership: Membership, role: str, actor: User) -> None:
    """Make a member something else. Raises Refused where it would leave the organization without an admin."""
    if role not in MEMBER_ROLES:
        raise Refused("Choose one of the roles.")
    with transaction.atomic():
        row = _locked(membership)
        before = row.role
        if before == role:
            return
        _keep_an_admin(row, actor)
        row.role = role
        row.save(update_fields=["role"])
        if not allows(Role(role), Capability.MANAGE):
            invitations.withdraw_those_of(inviter=row.user, organization=row.organization, actor=actor)
        log.record(
            "member.role_changed",
            actor=actor,
            organization=row.organization,
            target=row,
            user=row.user_id,
            before=before,
            after=role,
        )


def remove(*, membership: Membership, actor: User) -> None:
    """End a membership. Raises Refused where it would leave the organization without an admin."""
    with transaction.atomic():
        row = _locked(membership)
        _keep_an_admin(row, actor)
        log.record(
            "member.removed",
            actor=actor,
            organization=row.organization,
            target=row,
            user=row.user_id,
            role=row.role,
        )
        invitations.withdraw_those_of(inviter=row.user, organization=row.organization, actor=actor)
        signals.member_removed.send(Membership, membership=row, actor=actor)
        row.delete()


def listed(organization: Organization) -> list[Membership]:
    """The members of an organization, by what they are called."""
    return sorted(
        organization.memberships.select_related("user"), key=lambda row: row.user.display_name.casefold()
    )


def is_last_admin(membership: Membership) -> bool:
    """Whether nobody else manages the organization from within."""
    others = Membership.objects.filter(
        organization=membership.organization_id, role=Role.ADMIN, user__is_active=True
    )
    return membership.role == Role.ADMIN and not others.exclude(pk=membership.pk).exists()


def _locked(membership: Membership) -> Membership:
    """The membership as it is now. The organization's row is locked, so that two admins can't remove each other at once."""
    Organization.objects.select_for_update().get(pk=membership.organization_id)
    row = Membership.objects.select_related("organization").filter(pk=membership.pk).first()
    if row is None:
        raise Refused("This person is no member any more.")
    return row


def _keep_an_admin(membership: Membership, actor: User) -> None:
    if not actor.is_operator and is_last_admin(membership):
        raise Refused("This is the last admin: make somebody else admin first, or ask the operator.")
