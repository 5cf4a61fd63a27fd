"""Verifying grants as a job."""

import pytest

from integrations.connections import lifecycle
from integrations.connections.limits import forecast
from integrations.connections.models import Connection, ConnectionState, Token
from integrations.directory.sync import jobs as sync
from integrations.jobs import queue, worker
from integrations.jobs.models import Job, JobState
from integrations.onboarding import verification
from integrations.onboarding.models import Verification
from portal.core import clock
from tests.world import World

pytestmark = pytest.mark.django_db


def verify(connection: Connection) -> Job:
    return queue.run_now(verification.start(connection, actor=None))


def test_what_holds_is_synced(world: World) -> None:
    connection = world.connected()
    assert verify(connection).state == JobState.DONE
    assert Verification.objects.get().outcome == Verification.Outcome.DONE
    assert Job.objects.filter(kind=sync.KIND).exists()


def test_a_verification_in_which_nothing_held_is_no_success(world: World) -> None:
    job = verify(world.propose(client_secret="wrong"))
    assert job.state == JobState.FAILED
    assert "doesn't know this client ID and client secret" in job.problem
    assert not Job.objects.filter(kind=sync.KIND).exists()


def test_one_that_waits_for_a_token_does_not_keep_the_others(world: World) -> None:
    waits, has_one = world.connected(), world.consented(world.member("officer"))
    world.environment.tokens_per_hour = 2
    world.environment.save()
    Token.objects.filter(connection=waits).update(access_expires_at=None)
    verification.start(waits, actor=None)
    verification.start(has_one, actor=None)
    assert forecast.next_available_time(world.environment, waits) > clock.now()
    jobs = {job.connection_id: queue.run_now(job) for job in Job.objects.filter(kind=verification.KIND)}
    assert jobs[waits.pk].state == JobState.WAITING and "No token is available" in jobs[waits.pk].waits_for
    assert jobs[has_one.pk].state == JobState.DONE
    outcomes = dict(Verification.objects.values_list("connection", "outcome"))
    assert outcomes == {waits.pk: Verification.Outcome.RUNNING, has_one.pk: Verification.Outcome.DONE}
    assert [job.connection for job in Job.objects.filter(kind=sync.KIND)] == [has_one]


def test_a_worker_that_dies_after_the_last_step_neither_forgets_the_sync_nor_verifies_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = verification.start(world.connected(), actor=None)
    run = worker.claim(job.pk)
    assert run is not None
    monkeypatch.setattr(run, "checkpoint", lambda **_: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        verification.advance(run)
    assert Verification.objects.get().outcome == Verification.Outcome.RUNNING
    assert not Job.objects.filter(kind=sync.KIND).exists()
    monkeypatch.undo()
    assert verification.advance(run)
    assert Job.objects.filter(kind=sync.KIND).count() == 1
    asked = len(world.sandbox.requests())
    assert verification.advance(run)
    assert len(world.sandbox.requests()) == asked


def test_a_verification_that_failed_is_tried_again_from_its_job(world: World) -> None:
    connection = world.connected()
    lifecycle.set_state(connection, ConnectionState.NEEDS_RECONNECT, reason="It was refused.")
    job = verify(connection)
    assert job.state == JobState.FAILED and "It was refused" in job.problem
    assert Verification.objects.get().problem == job.problem
    lifecycle.set_state(connection, ConnectionState.ACTIVE)
    assert queue.retry(job, actor=world.operator)
    assert queue.run_now(job).state == JobState.DONE
    assert Verification.objects.get().outcome == Verification.Outcome.DONE
