"""Verifying grants as a job."""

import pytest

from integrations.connections import ledger
from integrations.connections.models import Connection, Token
from integrations.directory import sync
from integrations.jobs import queue
from integrations.jobs.models import Job, State
from integrations.onboarding import verification
from integrations.onboarding.models import Verification
from tests.world import World

pytestmark = pytest.mark.django_db


def verify(connection: Connection) -> Job:
    return queue.run_now(verification.start(connection, actor=None))


def test_what_holds_is_synced(world: World) -> None:
    connection = world.connected()
    assert verify(connection).state == State.DONE
    assert Verification.objects.get().outcome == Verification.Outcome.DONE
    assert Job.objects.filter(kind=sync.KIND).exists()


def test_a_verification_in_which_nothing_held_is_no_success(world: World) -> None:
    job = verify(world.propose(client_secret="wrong"))
    assert job.state == State.FAILED
    assert "does not know this client id and secret" in job.problem
    assert not Job.objects.filter(kind=sync.KIND).exists()


def test_one_that_waits_for_a_token_does_not_keep_the_others(world: World) -> None:
    waits, has_one = world.connected(), world.consented(world.member("officer"))
    world.environment.tokens_per_hour = 2
    world.environment.save()
    Token.objects.filter(connection=waits).update(access_expires_at=None)
    verification.start(waits, actor=None)
    verification.start(has_one, actor=None)
    assert ledger.slots(world.environment).free == 0
    job = queue.run_now(Job.objects.get(kind=verification.KIND))
    assert job.state == State.WAITING and "No token slot" in job.waits_for
    outcomes = dict(Verification.objects.values_list("connection", "outcome"))
    assert outcomes == {waits.pk: Verification.Outcome.RUNNING, has_one.pk: Verification.Outcome.DONE}
    assert Job.objects.filter(kind=sync.KIND).exists()
