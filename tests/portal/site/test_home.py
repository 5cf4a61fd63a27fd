"""Home: who sees what, and that its cost does not grow with the number of customers."""

import datetime as dt

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.connections.limits import budgets
from integrations.connections.models import (
    Connection,
    ConnectionState,
    GrantType,
    Installation,
    Purpose,
    RequestState,
    Token,
    TokenRequest,
)
from integrations.directory.models import Contact, RequiredGroup, SyncState
from integrations.jobs.models import Job, JobState
from portal.core import clock
from portal.organizations.models import Membership, Organization
from portal.organizations.roles import Role
from tests.portal.conftest import SignedIn
from tests.portal.people import person
from tests.world import World

pytestmark = pytest.mark.django_db


def customer(world: World, number: int) -> Organization:
    """A customer with one connection of each kind of trouble, a failed job and a running one, and some contacts."""
    at = clock.now()
    organization = Organization.objects.create(
        name=f"Lender {number:03}", slug=f"lender-{number}", created_at=at
    )
    installation = Installation.objects.create(
        organization=organization, environment=world.environment, created_at=at
    )
    active, *_ = (
        Connection.objects.create(
            installation=installation,
            grant=GrantType.AUTHORIZATION_CODE,
            user=person(f"{state}-{number}@lender.example"),
            state=state,
            since=at,
            created_at=at,
        )
        for state in (ConnectionState.ACTIVE, ConnectionState.NEEDS_RECONNECT, ConnectionState.PAUSED)
    )
    Token.objects.create(connection=active, refresh_token="r", refresh_expires_at=at + dt.timedelta(hours=20))
    for minutes in (10, 20, 30, 40):
        TokenRequest.objects.create(
            budget=budgets.for_environment(world.environment),
            connection=active,
            purpose=Purpose.WORK,
            state=RequestState.REFUSED,
            at=at - dt.timedelta(minutes=minutes),
        )
    SyncState.objects.create(connection=active, passes=1, finished_at=at, contacts=1)
    Contact.objects.create(
        installation=installation,
        remote_id=number,
        last_name="Quill",
        search="quill",
        sort_name="quill",
        digest="0",
        first_seen_at=at,
        synced_at=at,
    )
    RequiredGroup.objects.create(
        installation=installation, name="All Clients", folded_name="all clients", recorded_at=at
    )
    for state in (JobState.FAILED, JobState.RUNNING):
        Job.objects.create(
            kind="directory.sync",
            installation=installation,
            organization=organization,
            connection=active,
            state=state,
            created_at=at,
            finished_at=at if state is JobState.FAILED else None,
        )
    return organization


def queries_of_home(client: Client) -> tuple[int, int]:
    """How many queries Home asks, and how long its answer is."""
    client.get(reverse("home"))
    with CaptureQueriesContext(
        database,
    ) as asked:
        page = client.get(reverse("home"))
    assert page.status_code == 200
    return len(asked), len(page.content)


def test_home_costs_the_same_for_many_customers_in_trouble_as_for_some(
    world: World, signed_in: SignedIn
) -> None:
    admin = person("ada@everywhere.example")
    counted = []
    for numbers in (range(20), range(20, 200)):
        for number in numbers:
            organization = customer(world, number)
            Membership.objects.create(
                user=admin, organization=organization, role=Role.ADMIN, created_at=clock.now()
            )
        counted.append([queries_of_home(signed_in(user)) for user in (world.operator, admin)])
    some, many = counted
    for (few_queries, few_bytes), (more_queries, more_bytes) in zip(some, many, strict=True):
        assert more_queries <= few_queries
        assert more_bytes < few_bytes * 1.1
        assert more_queries < 60


def test_home_tells_each_what_it_is_for(world: World, signed_in: SignedIn) -> None:
    customer(world, 1)
    officer = person("olga@lender.example")
    Membership.objects.create(
        user=officer, organization=Organization.objects.get(), role=Role.OFFICER, created_at=clock.now()
    )
    assert "every connection and job" in signed_in(world.operator).get("/").content.decode()
    assert "your connections and jobs" in signed_in(officer).get("/").content.decode()
