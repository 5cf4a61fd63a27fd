"""The pipeline of organizations, as operators page through it."""

import pytest
from django.test import Client
from django.urls import reverse

from integrations.connections import lifecycle
from integrations.directory.sync import jobs
from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.onboarding import pipeline, views
from portal.core import clock
from portal.organizations.models import Organization
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(world: World) -> Client:
    client = Client()
    client.force_login(world.operator)
    return client


def many(count: int) -> None:
    at = clock.now()
    Organization.objects.bulk_create(
        Organization(name=f"Lender {number:03}", slug=f"lender-{number:03}", created_at=at)
        for number in range(count)
    )


def stage_of(organization: Organization) -> str:
    (row,) = pipeline.rows(Organization.objects.filter(pk=organization.pk))
    return row.stage


def test_an_organization_stays_live_when_the_jobs_that_made_it_so_are_forgotten(world: World) -> None:
    connection = world.connected()
    organization = connection.installation.organization
    connection.verified_at = clock.now()
    connection.save(update_fields=["verified_at"])
    assert stage_of(organization) == "verified"
    queue.run_now(jobs.start(connection=connection))
    assert stage_of(organization) == "live"
    Job.objects.all().delete()
    assert stage_of(organization) == "live"


def test_many_organizations_come_in_pages_and_are_searched_by_name(operator: Client) -> None:
    many(views.PAGE + 7)
    first = operator.get(reverse("organizations")).content.decode()
    assert first.count('<th scope="row">') == views.PAGE
    assert "Page 1 of 2" in first
    second = operator.get(reverse("organizations"), {"page": "2"}).content.decode()
    assert second.count('<th scope="row">') == 7
    found = operator.get(reverse("organizations"), {"q": "der 056"}).content.decode()
    assert found.count('<th scope="row">') == 1 and "Lender 056" in found
    nothing = operator.get(reverse("organizations"), {"q": "zzz"}).content.decode()
    assert "No organization of this name" in nothing


def test_the_pipeline_costs_the_same_queries_however_many_organizations(
    operator: Client, django_assert_max_num_queries
) -> None:
    many(60)
    operator.get(reverse("organizations"))
    with django_assert_max_num_queries(22):
        operator.get(reverse("organizations"))


@pytest.mark.parametrize("how", [lifecycle.pause, lifecycle.revoke])
def test_an_organization_whose_connections_all_rest_is_not_shown_as_if_it_were_well(
    world: World, how
) -> None:
    connection = world.connected()
    organization = connection.installation.organization
    (well,) = pipeline.rows(Organization.objects.filter(pk=organization.pk))
    assert well.problem == ""
    how(connection, actor=world.operator)
    (row,) = pipeline.rows(Organization.objects.filter(pk=organization.pk))
    assert row.problem == "No connection works now: paused or revoked."
