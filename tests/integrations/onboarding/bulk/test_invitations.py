"""Admins whose addresses stood in a file are invited by a worker, once."""

import pytest
from django.core import mail

from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.onboarding.bulk import imports
from integrations.onboarding.bulk import invitations as bulk_invitations
from integrations.onboarding.models import BulkRow
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation
from portal.organizations.roles import Role
from tests.integrations.onboarding.bulk.files import apply, keep, work
from tests.world import World

pytestmark = pytest.mark.django_db
EMAIL = "ada@quarry.example"


def test_the_admin_is_invited_and_the_row_forgets_the_address(
    world: World, django_capture_on_commit_callbacks
) -> None:
    source = apply(world, ("Quarry", "id", "secret", EMAIL))
    with django_capture_on_commit_callbacks(execute=True):
        work()
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.invited_by) == (EMAIL, Role.ADMIN, world.operator)
    assert invitation.organization == source.rows.get().organization
    assert [message.to for message in mail.outbox] == [[EMAIL]]
    assert source.rows.get().admin_email == ""


def test_a_row_without_an_address_starts_no_invitation(world: World) -> None:
    apply(world, ("Quarry", "id", "secret", ""))
    assert not Job.objects.filter(kind=bulk_invitations.KIND).exists()


def test_an_invitation_that_is_refused_says_so_and_nothing_else_stops(world: World) -> None:
    source = apply(world, ("Quarry", "id", "secret", EMAIL))
    organization = source.rows.get().organization
    invitations.invite(organization=organization, email=EMAIL, role=Role.VIEWER, actor=world.operator)
    job = queue.run_now(Job.objects.get(kind=bulk_invitations.KIND))
    assert job.state == "done"
    assert (
        "The admin was not invited. This address already has an open invitation" in source.rows.get().problem
    )
    assert Invitation.objects.count() == 1


def test_the_row_says_when_there_is_nobody_left_to_invite_by(world: World) -> None:
    source = keep(world, ("Quarry", "id", "secret", EMAIL))
    imports.confirm(source, actor=world.operator)
    source.refresh_from_db()
    source.confirmed_by = None
    source.save()
    imports.apply_some()
    work()
    row = BulkRow.objects.get()
    assert row.state == "applied" and "has left" in row.problem and row.admin_email == ""
