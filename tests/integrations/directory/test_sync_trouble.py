"""Syncs in which something goes wrong: nothing is lost, the others go on, and it is said."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations import total_expert
from integrations.connections import lifecycle
from integrations.connections.models import Connection, Landmark, State
from integrations.directory import legs, sync
from integrations.directory.models import Book, Contact, ContactGroup, Owner, Sighting
from integrations.jobs import queue
from integrations.jobs.models import Job, JobLine
from tests.world import BLUEWATER, World

Run = Callable[..., Job]


def theirs(client: total_expert.Client, **filter: Any) -> dict[int, total_expert.Contact]:
    """What Total Expert has, read independently of the mirror's own walk."""
    return {contact.id: contact for contact in client.contacts.all(filter=filter)}


def lines(job: Job) -> str:
    return "\n".join(JobLine.objects.filter(job=job).values_list("text", flat=True))


def test_an_error_in_the_middle_loses_nothing_and_the_next_slice_goes_on(
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


def test_one_connection_that_must_wait_does_not_keep_the_others_from_syncing(
    world: World, run_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.consented(world.member("officer"), officer=0)
    second = world.consented(world.member("officer"), officer=1)
    client_for = legs.client_for

    def busy(connection: Connection) -> total_expert.Client:
        if connection == first:
            raise total_expert.TryLater("The next token slot is later.", after=600)
        return client_for(connection)

    monkeypatch.setattr(legs, "client_for", busy)
    job = run_sync(first)
    assert job.state == "waiting"
    assert Book.objects.get(connection=second).finished_at is not None
    monkeypatch.undo()
    world.sandbox.pass_time(700)
    assert run_sync(first).state == "done"
    assert Book.objects.get(connection=first).finished_at is not None


def test_a_connection_whose_grant_died_is_left_out_and_named_and_the_others_are_synced(
    world: World, run_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.consented(world.member("officer"), officer=0)
    second = world.consented(world.member("officer"), officer=1)
    client_for = legs.client_for

    def dead(connection: Connection) -> total_expert.Client:
        if connection == first:
            raise total_expert.ReconnectRequired()
        return client_for(connection)

    monkeypatch.setattr(legs, "client_for", dead)
    job = run_sync(first)
    assert job.state == "done"
    assert str(first.pk) in lines(job)
    assert Book.objects.get(connection=first).problem
    assert Book.objects.get(connection=second).finished_at


def test_a_sync_in_which_nothing_works_fails_with_a_sentence(
    world: World, admin: Connection, run_sync: Run
) -> None:
    lifecycle.pause(admin, actor=world.operator)
    job = run_sync(admin)
    assert job.state == "failed"
    assert "Reconnect" in job.problem


def test_a_connection_that_shows_another_organizations_contacts_stores_none_of_them(
    world: World, admin: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    assert Landmark.objects.filter(installation=admin.installation).exists()
    wrong = world.connected(BLUEWATER)
    theirs_by_mistake = world.sandbox.organization("Cedar Home Lending")
    wrong.client_id, wrong.client_secret = theirs_by_mistake["client_id"], theirs_by_mistake["client_secret"]
    wrong.save()
    wrong.token.access_token, wrong.token.access_expires_at = None, None
    wrong.token.save()
    job = run_sync(wrong)
    assert job.state == "failed"
    wrong.refresh_from_db()
    assert wrong.state == State.QUARANTINED
    assert not Contact.objects.filter(installation=wrong.installation).exists()


def test_a_colleague_of_the_same_organization_does_not_trip(world: World, run_sync: Run) -> None:
    first = world.consented(world.member("officer"), officer=0)
    run_sync(first)
    second = world.consented(world.member("officer"), officer=1)
    assert run_sync(second).state == "done"
    assert Book.objects.get(connection=second).contacts


def test_progress_counts_every_contact_once(
    admin: Connection, over_there: total_expert.Client, run_sync: Run
) -> None:
    job = run_sync(admin)
    assert job.done == len(theirs(over_there))
    assert job.failed == 0


def test_a_job_carries_no_personal_data(admin: Connection, run_sync: Run) -> None:
    job = run_sync(admin)
    assert job.arguments == {"full": False}
    told = f"{job.cursor} {lines(job)}"
    for contact in Contact.objects.exclude(email=""):
        assert contact.email not in told


def test_a_second_start_is_the_sync_that_is_under_way(admin: Connection) -> None:
    assert sync.start(installation=admin.installation) == sync.start(installation=admin.installation)


def test_somebody_who_connects_while_a_sync_ends_is_synced_right_after(
    world: World, admin: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    conclude, officer = sync._conclude, world.member("officer")

    def conclude_and_connect(*arguments: Any) -> None:
        conclude(*arguments)
        if not Connection.objects.filter(user=officer).exists():
            world.consented(officer)
            sync.start(installation=admin.installation, asked_by=officer)

    monkeypatch.setattr(sync, "_conclude", conclude_and_connect)
    job = queue.run_now(sync.start(installation=admin.installation))
    assert job.state == "done", job.problem
    assert Sighting.objects.filter(connection__user=officer).exists()
    assert Job.objects.filter(kind=sync.KIND).count() == 1


def test_a_full_sync_asked_for_while_one_of_changes_runs_is_not_forgotten(
    admin: Connection, run_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sync(admin)
    before = Book.objects.get(connection=admin).full_finished_at
    conclude = sync._conclude
    asked: list[Job] = []

    def conclude_and_ask(*arguments: Any) -> None:
        conclude(*arguments)
        if not asked:
            asked.append(sync.start(installation=admin.installation, full=True))

    monkeypatch.setattr(sync, "_conclude", conclude_and_ask)
    run_sync(admin)
    after = Book.objects.get(connection=admin).full_finished_at
    assert before is not None and after is not None and after > before
