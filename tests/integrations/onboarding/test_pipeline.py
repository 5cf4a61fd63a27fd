"""The pipeline of organizations, and the list that operators page through."""

import datetime as dt

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.connections import lifecycle
from integrations.connections.models import ConnectionState
from integrations.directory.models import SyncState
from integrations.directory.sync import jobs
from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.onboarding import pipeline
from integrations.onboarding.pipeline import Stage
from portal.core import clock, paging
from portal.organizations.invitations import invitations
from portal.organizations.models import Organization
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(world: World) -> Client:
    client = Client()
    client.force_login(world.operator)
    return client


def many(count: int, first: int = 0) -> None:
    at = clock.now()
    Organization.objects.bulk_create(
        Organization(name=f"Lender {number:03}", slug=f"lender-{number:03}", created_at=at)
        for number in range(first, first + count)
    )


def text_of(client: Client, **query: str) -> str:
    return client.get(reverse("organizations"), query).content.decode()


def test_an_organization_moves_through_the_stages(world: World) -> None:
    organization = world.organization()
    found = [(pipeline.row(organization).stage, pipeline.row(organization).since)]
    invitation, _ = invitations.invite(
        organization=organization, email="ada@cedar.example", role="admin", actor=world.operator
    )
    found.append((pipeline.row(organization).stage, pipeline.row(organization).since))
    invitations.mark_opened(invitation)
    found.append((pipeline.row(organization).stage, pipeline.row(organization).since))
    connection = world.connected()
    found.append((pipeline.row(organization).stage, pipeline.row(organization).since))
    connection.verified_at = clock.now()
    connection.save(update_fields=["verified_at"])
    found.append((pipeline.row(organization).stage, pipeline.row(organization).since))
    job = jobs.start(connection=connection)
    found.append((pipeline.row(organization).stage, pipeline.row(organization).since))
    queue.run_now(job)
    found.append((pipeline.row(organization).stage, pipeline.row(organization).since))
    invitation.refresh_from_db()
    connection.refresh_from_db()
    state = SyncState.objects.get()
    assert found == [
        (Stage.NEW, organization.created_at),
        (Stage.INVITED, invitation.sent_at),
        (Stage.OPENED, invitation.opened_at),
        (Stage.CONSENTED, connection.since),
        (Stage.VERIFIED, connection.verified_at),
        (Stage.FIRST_SYNC, job.created_at),
        (Stage.LIVE, state.first_finished_at),
    ]


def test_an_organization_stays_live_when_its_jobs_are_deleted(world: World) -> None:
    connection = world.connected()
    connection.verified_at = clock.now()
    connection.save(update_fields=["verified_at"])
    queue.run_now(jobs.start(connection=connection))
    Job.objects.all().delete()
    assert pipeline.row(connection.installation.organization).stage is Stage.LIVE


def test_a_withdrawn_invitation_does_not_count(world: World) -> None:
    organization = world.organization()
    invitation, _ = invitations.invite(
        organization=organization, email="ada@cedar.example", role="admin", actor=world.operator
    )
    invitations.withdraw(invitation=invitation, actor=world.operator)
    assert pipeline.row(organization).stage is Stage.NEW


def test_an_expired_invitation_is_a_problem(world: World) -> None:
    organization = world.organization()
    invitations.invite(
        organization=organization, email="ada@cedar.example", role="admin", actor=world.operator
    )
    assert pipeline.row(organization).problem == ""
    world.sandbox.pass_time(8 * 86400)
    assert pipeline.row(organization).problem == "The invitation expired."


def test_an_organization_is_stuck_after_a_week_in_one_stage_unless_it_is_live(world: World) -> None:
    organization = world.organization()
    assert not pipeline.row(organization).is_stuck
    Organization.objects.update(created_at=clock.now() - dt.timedelta(days=8))
    assert pipeline.row(organization).is_stuck
    connection = world.connected()
    connection.verified_at = clock.now()
    connection.save(update_fields=["verified_at"])
    queue.run_now(jobs.start(connection=connection))
    SyncState.objects.update(first_finished_at=clock.now() - dt.timedelta(days=30))
    assert not pipeline.row(organization).is_stuck


@pytest.mark.parametrize("how", [lifecycle.pause, lifecycle.revoke])
def test_an_organization_without_a_working_connection_has_a_problem(world: World, how) -> None:
    connection = world.connected()
    organization = connection.installation.organization
    assert pipeline.row(organization).problem == ""
    how(connection, actor=world.operator)
    assert pipeline.row(organization).problem == "All connections are paused or revoked."


def test_a_broken_connection_is_the_problem_and_its_page_the_next_step(
    world: World, operator: Client
) -> None:
    connection = world.connected()
    lifecycle.set_state(connection, ConnectionState.NEEDS_RECONNECT, reason="The client secret changed.")
    text = text_of(operator)
    assert "The client secret changed." in text and "Review connection" in text
    assert reverse("connection", args=[connection.installation.organization.slug, connection.pk]) in text


def test_many_organizations_come_in_pages_and_are_found_by_a_part_of_their_name(operator: Client) -> None:
    many(paging.SIZE + 7)
    first, second = text_of(operator), text_of(operator, page="2")
    assert first.count('<th scope="row">') == paging.SIZE and second.count('<th scope="row">') == 7
    assert f"51–{paging.SIZE + 7}" in second
    found = text_of(operator, q="DER 056")
    assert found.count('<th scope="row">') == 1 and "Lender 056" in found
    assert "No matching organizations" in text_of(operator, q="zzz")


def test_the_list_is_filtered_by_stage_and_account_owner(world: World, operator: Client) -> None:
    many(2)
    Organization.objects.filter(slug="lender-000").update(account_owner=world.operator)
    invitations.invite(
        organization=Organization.objects.get(slug="lender-001"),
        email="ada@cedar.example",
        role="admin",
        actor=world.operator,
    )
    own, unassigned = text_of(operator, owner=str(world.operator.pk)), text_of(operator, owner="null")
    assert "Lender 000" in own and "Lender 001" not in own
    assert "Lender 001" in unassigned and "Lender 000" not in unassigned
    invited = text_of(operator, stage="invited")
    assert "Lender 001" in invited and "Lender 000" not in invited
    assert "No matching organizations" in text_of(operator, stage="live")


@pytest.mark.parametrize("sort", ["name", "stage", "since", "owner"])
def test_every_head_sorts_both_ways(world: World, operator: Client, sort: str) -> None:
    many(3)
    at = clock.now()
    for number, slug in enumerate(["lender-000", "lender-001", "lender-002"]):
        Organization.objects.filter(slug=slug).update(created_at=at - dt.timedelta(hours=3 - number))
    up, down = text_of(operator, sort=sort), text_of(operator, sort=f"-{sort}")
    assert up.index("Lender 000<") < up.index("Lender 002<")
    assert down.index("Lender 002<") < down.index("Lender 000<")


def test_two_hundred_organizations_cost_the_same_queries_as_twenty(world: World, operator: Client) -> None:
    numbers = []
    for count in (20, 180):
        many(count, first=len(numbers) * 20)
        for organization in Organization.objects.all():
            if organization.pk % 7 == 0 and not organization.invitations.exists():
                invitations.invite(
                    organization=organization,
                    email=f"ada{organization.pk}@cedar.example",
                    role="admin",
                    actor=world.operator,
                )
        operator.get(reverse("organizations"))
        with CaptureQueriesContext(
            database,
        ) as queries:
            operator.get(reverse("organizations"), {"size": "100"})
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] < 25


@pytest.mark.parametrize("role", ["admin", "editor", "viewer", "officer"])
def test_customers_never_see_the_list(world: World, role: str) -> None:
    client = Client()
    client.force_login(world.member(role))
    assert client.get(reverse("organizations")).status_code == 404
    assert f'href="{reverse("organizations")}"' not in client.get("/").content.decode()
