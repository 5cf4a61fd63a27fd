"""Change the roles of members, and remove them.

Every request reads the role again, so a change applies to all open sessions of the member with their next request.
"""

from django.db import transaction

from portal.accounts.models import User
from portal.audit import log
from portal.core.errors import Refused
from portal.organizations import signals
from portal.organizations.invitations import invitations
from portal.organizations.models import Membership, Organization
from portal.organizations.roles import MEMBER_ROLES, Capability, Role, allows


def change_role(*, membership: Membership, role: str, actor: User) -> None:
    """Change a member's role. Raise Refused if no admin would be left."""
    if role not in MEMBER_ROLES:
        raise Refused("Choose a role.")
    with transaction.atomic():
        row = _locked(membership)
        before = row.role
        if before == role:
            return
        _refuse_last_admin(row, actor)
        row.role = role
        row.save(update_fields=["role"])
        if not allows(Role(role), Capability.MANAGE):
            invitations.withdraw_all_from(inviter=row.user, organization=row.organization, actor=actor)
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
    """Remove a member. Raise Refused if no admin would be left."""
    with transaction.atomic():
        row = _locked(membership)
        _refuse_last_admin(row, actor)
        log.record(
            "member.removed",
            actor=actor,
            organization=row.organization,
            target=row,
            user=row.user_id,
            role=row.role,
        )
        invitations.withdraw_all_from(inviter=row.user, organization=row.organization, actor=actor)
        signals.member_removed.send(Membership, membership=row, actor=actor)
        row.delete()


def listed(organization: Organization) -> list[Membership]:
    """Return the members of an organization by name."""
    return sorted(
        organization.memberships.select_related("user"), key=lambda row: row.user.display_name.casefold()
    )


def is_last_admin(membership: Membership) -> bool:
    """Return whether this is the only active admin of the organization."""
    others = Membership.objects.filter(
        organization=membership.organization_id, role=Role.ADMIN, user__is_active=True
    )
    return membership.role == Role.ADMIN and not others.exclude(pk=membership.pk).exists()


def _locked(membership: Membership) -> Membership:
    """Return the current row. Locks the organization, so that two admins can't remove each other at the same time."""
    Organization.objects.select_for_update().get(pk=membership.organization_id)
    row = Membership.objects.select_related("organization").filter(pk=membership.pk).first()
    if row is None:
        raise Refused("This person is no longer a member.")
    return row


def _refuse_last_admin(membership: Membership, actor: User) -> None:
    if not actor.is_operator and is_last_admin(membership):
        raise Refused(
            "This is the only admin. Make someone else an admin first, or ask your integration partner."
        )
