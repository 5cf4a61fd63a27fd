"""Jobs and tokens: nobody's slot stays empty, nobody who left keeps a place, and grants are kept alive."""

import datetime as dt
from typing import Any

import pytest

from integrations.connections import lifecycle
from integrations.connections.grants import client_credentials
from integrations.connections.limits import forecast, kill_switch, ledger
from integrations.connections.limits import queue as token_queue
from integrations.connections.models import (
    Connection,
    ConnectionState,
    Purpose,
    RequestState,
    TokenDemand,
    TokenRequest,
)
from integrations.connections.tokens import access, keep_alive, leases
from integrations.directory.sync import jobs
from integrations.jobs import queue, token_waits, worker
from integrations.jobs.models import Job, JobState
from integrations.onboarding import waiting as waiting_mail
from portal.core import clock
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
DAY = 24 * 3600.0


def run(job: Job) -> Job:
    return queue.run_now(job)


@pytest.fixture
def waiting(world: World) -> Job:
    """A sync that waits for a token: the hour's one was used by another organization."""
    connection = world.connected()
    other = world.connected(BLUEWATER)
    world.environment.tokens_per_hour = 1
    world.environment.save()
    world.sandbox.pass_time(2 * 3600)
    ledger.close_request(ledger.open_request(other, purpose=Purpose.WORK, fence=0), RequestState.REFUSED)
    job = run(jobs.start(connection=connection))
    assert job.state == JobState.WAITING and "No token is available" in job.waits_for
    return job


def test_a_job_that_waits_for_a_token_says_until_when_and_why(waiting: Job) -> None:
    assert "because 1 of 1 token requests of this hour are used" in waiting.waits_for
    assert waiting.waits_until is not None
    assert abs(waiting.waits_until - TokenDemand.objects.get().expected_at) < dt.timedelta(seconds=1)


@pytest.mark.parametrize("verb", [queue.pause, queue.cancel])
def test_whoever_is_stopped_leaves_the_queue(world: World, waiting: Job, verb) -> None:
    verb(waiting, actor=world.operator)
    assert not TokenDemand.objects.exists()


def test_a_slot_that_comes_free_sooner_wakes_whose_turn_it_is(world: World, waiting: Job) -> None:
    token_waits.wake_ready_connections()
    waiting.refresh_from_db()
    assert waiting.waits_for, "its turn has not come"
    TokenRequest.objects.filter(state=RequestState.REFUSED).update(state=RequestState.RELEASED)
    token_waits.wake_ready_connections()
    assert run(waiting).state == JobState.DONE


def test_a_token_that_arrives_wakes_all_that_waits_for_its_connection(world: World, waiting: Job) -> None:
    TokenRequest.objects.filter(state=RequestState.REFUSED).update(state=RequestState.RELEASED)
    assert waiting.connection is not None
    access.get_access_token(waiting.connection, purpose=Purpose.PERSON)
    waiting.refresh_from_db()
    assert not waiting.waits_for
    assert run(waiting).state == JobState.DONE


def test_a_grant_that_nobody_used_is_renewed_by_a_job(world: World) -> None:
    connection = world.consented(world.member("officer"))
    world.sandbox.pass_time(10.1 * DAY)
    before = len(world.sandbox.requests("/v1/token"))
    token_waits.renew_expiring_grants()
    token_waits.renew_expiring_grants()
    job = Job.objects.get(kind=token_waits.RENEWAL_KIND)
    assert run(job).state == JobState.DONE
    assert len(world.sandbox.requests("/v1/token")) == before + 1
    token_waits.renew_expiring_grants()
    assert Job.objects.filter(kind=token_waits.RENEWAL_KIND).count() == 1
    connection.token.refresh_from_db()
    world.sandbox.pass_time(13 * DAY)
    assert access.get_access_token(connection)


def test_a_paused_grant_that_is_ripe_is_renewed_as_soon_as_it_is_resumed(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    connection = world.consented(world.member("officer"))
    lifecycle.pause(connection, actor=world.operator)
    world.sandbox.pass_time(12.5 * DAY)
    token_waits.renew_expiring_grants()
    assert not Job.objects.filter(kind=token_waits.RENEWAL_KIND).exists()
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.resume(connection, actor=world.operator)
    assert run(Job.objects.get(kind=token_waits.RENEWAL_KIND)).state == JobState.DONE
    assert list(keep_alive.find_expiring()) == []


def test_a_grant_that_died_says_so_without_anybody_asking(world: World) -> None:
    connection = world.consented(world.member("officer"))
    world.sandbox.pass_time(15 * DAY)
    token_waits.report_expired_grants()
    connection.refresh_from_db()
    assert (connection.state, connection.reason) == (ConnectionState.NEEDS_RECONNECT, access.EXPIRED_REASON)


def test_an_intent_that_nobody_came_back_to_is_explained(world: World) -> None:
    connection = world.consented(world.member("officer"))
    request = ledger.open_request(connection, purpose=Purpose.WORK, fence=0)
    token_waits.resolve_lost_answers()
    request.refresh_from_db()
    assert request.state == RequestState.OPEN, "its process may still live"
    world.sandbox.pass_time(leases.LEASE_DURATION.total_seconds() + 1)
    token_waits.resolve_lost_answers()
    request.refresh_from_db()
    assert request.state == RequestState.LOST
    assert request.ended_at is not None and request.ended_at - request.at == forecast.IN_FLIGHT


def test_calls_are_noted_with_the_job_they_were_made_for(world: World) -> None:
    connection: Connection = world.connected()
    job = run(jobs.start(connection=connection))
    assert connection.calls.filter(job=job.pk).count() > 3
    assert worker.claim(job.pk) is None


def test_a_token_that_comes_while_a_job_is_being_reschedule_is_not_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = world.connected()
    world.sandbox.pass_time(3700)
    other = Connection.objects.get(pk=connection.pk)
    real = access.get_access_token

    def refused_just_before(*args: object, **kwargs: object) -> str:
        monkeypatch.setattr(access, "get_access_token", real)
        real(other)
        raise ledger.NoSlot(clock.now() + dt.timedelta(hours=1), 3600, is_renewal=True)

    monkeypatch.setattr(access, "get_access_token", refused_just_before)
    assert run(jobs.start(connection=connection)).state == JobState.DONE


def test_a_renewal_that_failed_is_left_alone_for_an_hour(world: World) -> None:
    world.consented(world.member("officer"))
    application = world.environment.application
    application.client_secret = "another"
    application.save()
    world.sandbox.pass_time(10.1 * DAY)
    token_waits.renew_expiring_grants()
    assert run(Job.objects.get(kind=token_waits.RENEWAL_KIND)).state == JobState.FAILED
    token_waits.renew_expiring_grants()
    assert Job.objects.filter(kind=token_waits.RENEWAL_KIND).count() == 1
    world.sandbox.pass_time(3700)
    token_waits.renew_expiring_grants()
    assert Job.objects.filter(kind=token_waits.RENEWAL_KIND).count() == 2


def test_a_turn_that_comes_for_somebody_who_has_gone_passes_to_the_next(world: World, waiting: Job) -> None:
    person = world.member("officer")
    with pytest.raises(ledger.NoSlot):
        world.begin(person)
    TokenRequest.objects.filter(state=RequestState.REFUSED).update(state=RequestState.RELEASED)
    token_waits.wake_ready_connections()
    assert run(waiting).state == JobState.WAITING, "a person goes first"
    world.sandbox.pass_time(token_queue.ABANDONED_AFTER.total_seconds() + 1)
    token_waits.wake_ready_connections()
    assert run(waiting).state == JobState.DONE


def test_a_resume_while_a_job_is_being_reschedule_is_not_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = world.connected()
    lifecycle.pause(connection, actor=world.operator)
    put_back = worker._reschedule

    def resumed_just_before(*args: object, **kwargs: object) -> None:
        monkeypatch.setattr(worker, "_reschedule", put_back)
        lifecycle.resume(connection, actor=world.operator)
        put_back(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(worker, "_reschedule", resumed_just_before)
    assert run(jobs.start(connection=connection)).state == JobState.DONE


def test_new_credentials_wake_what_waited_for_a_paused_connection(
    world: World, django_capture_on_commit_callbacks
) -> None:
    connection = world.connected()
    lifecycle.pause(connection, actor=world.operator)
    job = run(jobs.start(connection=connection))
    assert job.state == JobState.WAITING and "paused" in job.waits_for
    world.propose()
    with django_capture_on_commit_callbacks(execute=True):
        client_credentials.activate_candidate(connection)
    assert run(job).state == JobState.DONE


def test_a_job_that_waits_for_a_new_slot_does_not_spin_because_its_connection_has_a_token(
    world: World,
) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    world.environment.tokens_per_hour = 1
    world.environment.save()
    asked = waiting_mail.ask(connection.installation, user=officer)
    assert asked is None
    [job] = Job.objects.filter(state=JobState.WAITING, connection=connection)
    assert run(job).state == JobState.WAITING, "and it comes to an end"
    assert job.lines.count() <= 1


def test_what_keeps_promises_to_people_is_not_paused(world: World) -> None:
    world.consented(world.member("officer"))
    world.sandbox.pass_time(10.1 * DAY)
    token_waits.renew_expiring_grants()
    job = Job.objects.get(kind=token_waits.RENEWAL_KIND)
    assert not queue.pause(job, actor=world.operator)
    assert run(job).state == JobState.DONE


def test_one_connection_in_trouble_keeps_none_from_being_renewed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = world.consented(world.member("officer"))
    good = world.consented(world.member("officer"), officer=1)
    world.sandbox.pass_time(10.1 * DAY)
    start = queue.start

    def fails_for_one(kind: str, *, connection: Connection) -> Job:
        if connection == bad:
            raise RuntimeError
        return start(kind, connection=connection)

    monkeypatch.setattr(token_waits.queue, "start", fails_for_one)
    token_waits.renew_expiring_grants()
    assert [job.connection for job in Job.objects.filter(kind=token_waits.RENEWAL_KIND)] == [good]


def test_work_that_a_stop_held_up_goes_on_at_once_when_it_is_released(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    job = jobs.start(connection=world.connected())
    kill_switch.activate(reason="The vendor called.", actor=world.operator)
    assert run(job).state == JobState.WAITING and "has stopped all calls" in job.waits_for
    with django_capture_on_commit_callbacks(execute=True):
        kill_switch.release(actor=world.operator)
    job.refresh_from_db()
    assert job.waits_for == "" and run(job).state == JobState.DONE
