"""Passes of several connections of one installation that run at the same time, as with several workers."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from integrations.connections.models import Connection
from integrations.directory.models import Contact, ContactGroup, Membership, Owner, Visibility
from integrations.directory.sync import jobs as sync
from integrations.directory.sync import reader
from integrations.directory.sync.passes import Pass
from integrations.jobs import queue, worker
from integrations.jobs.models import Job
from integrations.jobs.run import Run
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def run(job: Job) -> Job:
    """Run a job to its end in a thread of its own."""
    try:
        return queue.run_now(job)
    finally:
        connections.close_all()


def test_passes_of_one_installation_run_in_parallel_without_conflicts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = world.connected()
    officers = [world.consented(world.member("officer"), officer=number) for number in range(3)]
    monkeypatch.setattr(reader, "SIZE", 5)
    for _ in range(2):
        jobs = sync.start_all(installation=admin.installation, full=True)
        assert [job.connection for job in jobs] == [admin, *officers]
        with ThreadPoolExecutor(len(jobs)) as threads:
            ended = list(threads.map(run, jobs))
        assert [(job.state, job.failed) for job in ended] == [("done", 0)] * 4
        assert not [line.text for job in ended for line in job.lines.filter(level="error")]
    expect_whole(admin)
    for officer in officers:
        own = Contact.objects.filter(visibilities__connection=officer)
        assert own.count() == officer.sync_state.contacts > 0
        assert set(own.values_list("owner", flat=True)) == {officer.sync_state.owner_id}


def test_while_a_pass_stores_no_other_pass_of_the_installation_does(world: World) -> None:
    pair = [world.connected(), world.consented(world.member("officer"))]
    one, other = (Pass(begun(connection), connection) for connection in pair)
    order: list[str] = []

    def store_as_well() -> None:
        try:
            with other.storing():
                order.append("the other one stores")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        with one.storing():
            waiting = threads.submit(store_as_well)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
            order.append("the first has stored")
        waiting.result(timeout=60)
    assert order == ["the first has stored", "the other one stores"]


def begun(connection: Connection) -> Run:
    """Return the run of a slice of a connection's pass."""
    found = worker.claim(sync.start(connection=connection).pk)
    assert found is not None
    return found


def expect_whole(admin: Connection) -> None:
    """Check that every contact that an admin sees is stored exactly once."""
    contacts = Contact.objects.filter(installation=admin.installation)
    assert (
        contacts.count() == Visibility.objects.filter(connection=admin).count() == admin.sync_state.contacts
    )
    assert not contacts.filter(as_admin=False).exists()
    assert not contacts.exclude(gone_at=None).exists()
    assert not ContactGroup.objects.exclude(gone_at=None).exists()
    named: dict[Any, int] = {}
    for raw in contacts.values_list("document__raw", flat=True):
        for group in raw["contact_groups"]:
            named[group["id"]] = named.get(group["id"], 0) + 1
    assert Membership.objects.count() == sum(named.values())
    assert not Owner.objects.filter(contacts__isnull=False, is_learned=True).exists()
