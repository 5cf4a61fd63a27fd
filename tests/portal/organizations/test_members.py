"""Changing and removing members."""

import pytest

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core.errors import Refused
from portal.organizations import members
from portal.organizations.invitations import invitations
from portal.organizations.models import Membership, Organization

pytestmark = pytest.mark.django_db


def membership(user: User) -> Membership:
    return Membership.objects.get(user=user)


def test_a_role_is_changed_and_recorded(cedar: Organization, operator: User, join) -> None:
    editor = join(cedar, "editor")
    members.change_role(membership=membership(editor), role="viewer", actor=operator)
    assert cedar.role_of(editor) == "viewer"
    entry = Entry.objects.get(action="member.role_changed")
    assert entry.detail == {"user": editor.pk, "before": "editor", "after": "viewer"}


def test_the_last_admin_can_neither_go_nor_step_down(cedar: Organization, join) -> None:
    admin = join(cedar, "admin")
    join(cedar, "editor")
    with pytest.raises(Refused, match="only admin"):
        members.remove(membership=membership(admin), actor=admin)
    with pytest.raises(Refused, match="only admin"):
        members.change_role(membership=membership(admin), role="viewer", actor=admin)
    assert cedar.role_of(admin) == "admin"


def test_an_admin_who_is_switched_off_does_not_count(cedar: Organization, join) -> None:
    admin, other = join(cedar, "admin"), join(cedar, "admin")
    User.objects.filter(pk=other.pk).update(is_active=False)
    with pytest.raises(Refused):
        members.remove(membership=membership(admin), actor=admin)


def test_of_two_admins_one_may_go(cedar: Organization, join) -> None:
    admin, other = join(cedar, "admin"), join(cedar, "admin")
    members.remove(membership=membership(other), actor=admin)
    assert cedar.role_of(other) is None


def test_an_operator_may_remove_the_last_admin(cedar: Organization, operator: User, join) -> None:
    admin = join(cedar, "admin")
    members.remove(membership=membership(admin), actor=operator)
    assert cedar.role_of(admin) is None
    assert Entry.objects.get(action="member.removed").detail == {"user": admin.pk, "role": "admin"}


def test_whoever_is_gone_already_is_not_removed_again(cedar: Organization, operator: User, join) -> None:
    row = membership(join(cedar, "viewer"))
    members.remove(membership=Membership.objects.get(pk=row.pk), actor=operator)
    with pytest.raises(Refused, match="no longer a member"):
        members.remove(membership=row, actor=operator)


@pytest.mark.parametrize("role", ["operator", "owner", ""])
def test_nobody_becomes_anything_but_the_four_roles(
    cedar: Organization, operator: User, join, role: str
) -> None:
    row = membership(join(cedar, "viewer"))
    with pytest.raises(Refused):
        members.change_role(membership=row, role=role, actor=operator)


@pytest.mark.parametrize("how", ["removed", "demoted"])
def test_the_open_invitations_of_whoever_may_invite_no_longer_are_withdrawn(
    cedar: Organization, operator: User, join, how: str
) -> None:
    admin = join(cedar, "admin")
    join(cedar, "admin")
    invitation, _ = invitations.invite(
        organization=cedar, email="second@address.example", role="admin", actor=admin
    )
    others, _ = invitations.invite(
        organization=cedar, email="third@address.example", role="viewer", actor=operator
    )
    membership = Membership.objects.get(user=admin)
    if how == "removed":
        members.remove(membership=membership, actor=operator)
    else:
        members.change_role(membership=membership, role="viewer", actor=operator)
    invitation.refresh_from_db()
    others.refresh_from_db()
    assert invitation.withdrawn_at is not None
    assert others.withdrawn_at is None
