"""`manage.py connect`: onboarding from a shell, with a sentence for everything that goes wrong."""

import io
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from integrations.connections.models import Connection, ConnectionState, CredentialCandidate, Token
from integrations.directory.sync import jobs
from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.onboarding import pipeline
from integrations.onboarding.management.commands import connect as command
from portal.organizations import organizations
from portal.organizations.models import Organization
from tests.world import CEDAR, World

pytestmark = pytest.mark.django_db


def connect(world: World, monkeypatch: pytest.MonkeyPatch, *arguments: str, **given: str) -> str:
    theirs = world.sandbox.organization(CEDAR)
    monkeypatch.setattr(sys, "stdin", io.StringIO(given.get("secret", theirs["client_secret"] + "\n")))
    out = io.StringIO()
    name, environment = given.get("name", CEDAR), given.get("environment", "sandbox")
    call_command(
        "connect",
        name,
        "--environment",
        environment,
        "--client-id",
        theirs["client_id"],
        *arguments,
        stdout=out,
    )
    return out.getvalue()


def test_an_organization_is_connected_verified_and_its_first_sync_started(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = connect(world, monkeypatch, "--new")
    assert f"Connected {CEDAR} in Sandbox" in said
    connection = Connection.objects.get()
    assert connection.state == ConnectionState.ACTIVE
    assert connection.verified_at is not None
    assert Job.objects.filter(kind=jobs.KIND, installation=connection.installation).exists()
    assert [row.stage for row in pipeline.rows(pipeline.with_stages(Organization.objects.all()))] == [
        pipeline.Stage.FIRST_SYNC
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "Nobody"}, "no organization “Nobody”"),
        ({"environment": "moon"}, "no environment “moon”. Known: sandbox"),
        ({"secret": "wrong-canary"}, "doesn't know this client ID and client secret"),
        ({"secret": "two words"}, "contains white space"),
        ({"secret": ""}, "secret is empty"),
    ],
)
def test_what_is_wrong_is_said_without_showing_the_secret(
    world: World, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    world.organization()
    with pytest.raises(CommandError, match=says) as failed:
        connect(world, monkeypatch, **given)
    assert failed.value.returncode == 1
    assert "canary" not in str(failed.value)
    assert not Token.objects.exclude(access_token=None).exists()


def test_a_sandbox_that_is_down_keeps_the_credentials_and_says_that_a_worker_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.organization()
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "status": 503, "times": 1})
    with pytest.raises(CommandError, match="credentials are stored") as failed:
        connect(world, monkeypatch)
    assert failed.value.returncode == 75
    assert CredentialCandidate.objects.exists()


def test_without_a_token_slot_the_time_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.environment.tokens_per_hour = 1
    world.environment.save()
    world.begin(world.member("admin"))
    with pytest.raises(CommandError, match="No token is available yet.*next attempt is at") as failed:
        connect(world, monkeypatch)
    assert failed.value.returncode == 75


def test_the_very_name_counts_and_not_what_looks_like_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    organizations.create(name="Acme", actor=None)
    organizations.create(name="Acme!", actor=None)
    connect(world, monkeypatch, name="Acme!")
    assert Connection.objects.get().installation.organization.name == "Acme!"


def test_a_name_that_is_nearly_right_is_suggested(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.organization()
    with pytest.raises(CommandError, match="Did you mean cedar-home-lending"):
        connect(world, monkeypatch, name="Cedar Lending")


@pytest.mark.parametrize("secret", ["wrong", "two words"])
def test_credentials_that_are_refused_leave_no_new_organization(
    world: World, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    with pytest.raises(CommandError):
        connect(world, monkeypatch, "--new", name="Lakeshore", secret=secret)
    assert not Organization.objects.exists()


def test_a_worker_that_is_faster_is_waited_for_but_not_for_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.organization()
    monkeypatch.setattr(queue, "run_now", lambda job: job)
    monkeypatch.setattr(command, "PATIENCE", 0.1)
    with pytest.raises(CommandError, match="A worker is verifying it. The credentials are stored") as failed:
        connect(world, monkeypatch)
    assert failed.value.returncode == 75
