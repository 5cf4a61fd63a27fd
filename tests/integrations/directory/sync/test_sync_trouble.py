"""Syncs in which something goes wrong: nothing is lost, other connections continue, and the job says why."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations import total_expert
from integrations.connections import lifecycle
from integrations.connections.models import Connection, ConnectionState, RecordFingerprint, Token, TokenDemand
from integrations.directory.models import Contact, ContactGroup, Owner, SyncState
from integrations.directory.sync import jobs
from integrations.directory.sync.passes import Pass
from integrations.directory.sync.steps import sequence
from integrations.jobs import queue
from integrations.jobs.models import Job, JobLine
from tests.world import BLUEWATER, World

Run = Callable[..., Job]


def theirs(client: total_expert.Client, **filter: Any) -> dict[int, total_expert.Contact]:
    """Return what Total Expert has, read independently of the sync."""
    return {contact.id: contact for contact in client.contacts.all(filter=filter)}


def lines(job: Job) -> str:
    return "\n".join(JobLine.objects.filter(job=job).values_list("text", flat=True))


def test_an_error_in_the_middle_loses_nothing_and_the_next_slice_continues(
    world: World, admin: Connection, over_there: total_expert.Client, run_sync: Run
) -> None:
    world.sandbox.faults({"method": "GET", "path": "/v1/contacts", "status": 503, "times": 3})
    job = run_sync(admin)
    assert job.state == "waiting"
    assert job.waits_for
    assert Owner.objects.exists() and ContactGroup.objects.exists()
    users = len(world.sandbox.requests("/v1/users"))
    world.sandbox.faults()
    world.sandbox.pass_time(700)
    assert run_sync(admin).state == "done"
    assert len(world.sandbox.requests("/v1/users")) == users, "what was done is not done again"
    assert Contact.objects.count() == len(theirs(over_there))


def test_a_connection_that_must_wait_does_not_hold_up_the_others(
    world: World, run_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.consented(world.member("officer"), officer=0)
    second = world.consented(world.member("officer"), officer=1)
    client_for = sequence.client_for

    def busy(connection: Connection, **more: Any) -> total_expert.Client:
        if connection == first:
            raise total_expert.TryLater("The next token slot is later.", after=600)
        return client_for(connection, **more)

    monkeypatch.setattr(sequence, "client_for", busy)
    waiting, done = (queue.run_now(job) for job in jobs.start_all(installation=first.installation))
    assert (waiting.connection, waiting.state) == (first, "waiting")
    assert (done.connection, done.state) == (second, "done")
    monkeypatch.undo()
    assert run_sync(first).state == "waiting", "it isn't due yet"
    queue.wake(first)
    assert run_sync(first) == waiting
    assert SyncState.objects.get(connection=first).finished_at is not None


def test_a_connection_that_needs_reconnecting_fails_only_its_own_sync(
    world: World, run_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.consented(world.member("officer"), officer=0)
    second = world.consented(world.member("officer"), officer=1)
    client_for = sequence.client_for

    def expired(connection: Connection, **more: Any) -> total_expert.Client:
        if connection == first:
            raise total_expert.ReconnectRequired()
        return client_for(connection, **more)

    monkeypatch.setattr(sequence, "client_for", expired)
    failed, done = (queue.run_now(job) for job in jobs.start_all(installation=first.installation))
    assert (failed.connection, failed.state, done.state) == (first, "failed", "done")
    assert SyncState.objects.get(connection=first).problem == failed.problem != ""
    assert SyncState.objects.get(connection=second).finished_at
    monkeypatch.undo()
    assert queue.retry(failed, actor=world.operator)
    assert queue.run_now(failed).state == "done"
    sync_state = SyncState.objects.get(connection=first)
    assert (sync_state.passes, sync_state.problem) == (2, "")
    assert failed.done == sync_state.contacts


def test_connections_that_were_never_synced_go_first_then_the_oldest(world: World, run_sync: Run) -> None:
    officers = [world.consented(world.member("officer"), officer=number) for number in range(2)]
    run_sync(officers[0])
    world.environment.tokens_per_hour = 2
    world.environment.save()
    Token.objects.update(access_expires_at=None)
    for connection in officers:
        assert run_sync(connection).state == "waiting"
    read = TokenDemand.objects.get(connection=officers[0]).stale_since
    assert read == SyncState.objects.get(connection=officers[0]).finished_at
    assert TokenDemand.objects.get(connection=officers[1]).stale_since < read


def test_a_sync_of_a_revoked_connection_fails_and_says_why(
    world: World, admin: Connection, run_sync: Run
) -> None:
    lifecycle.revoke(admin, actor=world.operator)
    job = run_sync(admin)
    assert job.state == "failed"
    assert "revoked. Connect it again" in job.problem and "Synced contacts stay" in job.problem
    assert jobs.start_all(installation=admin.installation) == []


def test_a_sync_of_a_paused_connection_waits_until_someone_resumes_it(
    world: World, admin: Connection, run_sync: Run, django_capture_on_commit_callbacks: Any
) -> None:
    lifecycle.pause(admin, actor=world.operator)
    job = run_sync(admin)
    assert (job.state, job.attempts) == ("waiting", 0)
    assert "paused. Its work continues when someone resumes it" in job.waits_for
    assert jobs.start_all(installation=admin.installation) == []
    assert queue.run_now(job).state == "waiting"
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.resume(admin, actor=world.operator)
    job.refresh_from_db()
    assert queue.run_now(job).state == "done"
    assert Contact.objects.filter(installation=admin.installation).exists()


def test_a_connection_that_shows_another_organizations_contacts_stores_none_of_them(
    world: World, admin: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    assert RecordFingerprint.objects.filter(installation=admin.installation).exists()
    wrong = world.connected(BLUEWATER)
    theirs_by_mistake = world.sandbox.organization("Cedar Home Lending")
    wrong.client_id, wrong.client_secret = theirs_by_mistake["client_id"], theirs_by_mistake["client_secret"]
    wrong.save()
    wrong.token.access_token, wrong.token.access_expires_at = None, None
    wrong.token.save()
    job = run_sync(wrong)
    assert job.state == "failed"
    wrong.refresh_from_db()
    assert wrong.state == ConnectionState.QUARANTINED
    assert not Contact.objects.filter(installation=wrong.installation).exists()


def test_a_colleague_of_the_same_organization_is_not_quarantined(world: World, run_sync: Run) -> None:
    first = world.consented(world.member("officer"), officer=0)
    run_sync(first)
    second = world.consented(world.member("officer"), officer=1)
    assert run_sync(second).state == "done"
    assert SyncState.objects.get(connection=second).contacts


def test_progress_counts_every_contact_once(
    admin: Connection, over_there: total_expert.Client, run_sync: Run
) -> None:
    job = run_sync(admin)
    assert job.done == len(theirs(over_there))
    assert job.failed == 0


def test_a_job_contains_no_personal_data(admin: Connection, run_sync: Run) -> None:
    job = run_sync(admin)
    assert job.arguments == {"full": False}
    told = f"{job.cursor} {lines(job)}"
    for contact in Contact.objects.exclude(email=""):
        assert contact.email not in told


def test_a_second_start_returns_the_active_sync(admin: Connection) -> None:
    assert jobs.start(connection=admin) == jobs.start(connection=admin)
    assert jobs.start_all(installation=admin.installation) == [jobs.start(connection=admin)]


def test_a_full_sync_requested_during_an_incremental_one_is_not_lost(
    admin: Connection, run_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sync(admin)
    before = SyncState.objects.get(connection=admin).full_finished_at
    advance = sequence.advance
    requested: list[Job] = []

    def advance_and_request(pass_: Pass) -> bool:
        if not requested:
            requested.append(jobs.start(connection=admin, full=True))
        return advance(pass_)

    monkeypatch.setattr(sequence, "advance", advance_and_request)
    run_sync(admin)
    after = SyncState.objects.get(connection=admin).full_finished_at
    assert before is not None and after is not None and after > before
