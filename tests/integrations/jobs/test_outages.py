"""A job when PostgreSQL restarts, or ends its connections, in the middle of it."""

import pytest
from django.db import InterfaceError, OperationalError, connection

from integrations.connections.models import Installation
from integrations.jobs import kinds, outages, queue, worker
from integrations.jobs.models import Job, JobState
from integrations.jobs.run import Run
from tests.integrations.jobs.jobs import items_of
from tests.integrations.jobs.kinds_for_tests.kinds import step

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def end_own_connection() -> None:
    """Have the server end this process's connection, as it does with all of them when it restarts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def losing(run: Run) -> bool:
    """Note an item, and lose the connection before the second one, once."""
    item = run.cursor.get("next", 0)
    while item < run.job.arguments["items"]:
        if item == 1 and not losing.lost:  # type: ignore[attr-defined]
            losing.lost = True  # type: ignore[attr-defined]
            end_own_connection()
        step(run, item)
        item += 1
    return True


def started(installation: Installation) -> Job:
    losing.lost = False  # type: ignore[attr-defined]
    kinds.register("tests.losing", label="Losing", advance=losing)
    return queue.start("tests.losing", installation=installation, arguments={"items": 3})


def test_a_job_that_loses_the_database_goes_on_at_once(installation: Installation) -> None:
    job = started(installation)
    assert worker.advance(job.pk)
    job.refresh_from_db()
    assert (job.state, job.lease_holder, job.lease_expires_at) == (JobState.WAITING, "", None)
    assert "The database was unavailable. Continuing." in [line.text for line in job.lines.all()]
    assert worker.advance(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE and items_of(job) == ["item 0", "item 1", "item 2"]


def test_it_waits_while_the_database_does_not_answer(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, connect, refused = started(installation), connection.get_new_connection, []

    def refuse_twice(parameters):
        if losing.lost and len(refused) < 2:  # type: ignore[attr-defined]
            refused.append(1)
            raise OperationalError("connection refused")
        return connect(parameters)

    monkeypatch.setattr(connection, "get_new_connection", refuse_twice)
    monkeypatch.setattr(outages, "RETRY_EVERY", 0.01)
    assert worker.advance(job.pk) and len(refused) == 2
    assert worker.advance(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_a_lease_whose_commit_was_not_confirmed_is_released(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, claim = started(installation), worker.claim

    def claim_and_lose(job_id: int) -> Run | None:
        claim(job_id)
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(worker, "claim", claim_and_lose)
    assert worker.advance(job.pk)
    job.refresh_from_db()
    assert (job.state, job.lease_holder) == (JobState.WAITING, "")


def test_a_canceled_job_stays_canceled(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    job = started(installation)
    run = worker.claim(job.pk)
    assert run is not None
    Job.objects.filter(pk=job.pk).update(state=JobState.CANCELED)
    outages.release_after(job.pk)
    job.refresh_from_db()
    assert (job.state, job.lease_holder) == (JobState.CANCELED, "")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 / 0",
        "SELECT pg_sleep(1)",
        "SELECT * FROM nowhere",
    ],
)
def test_a_statement_that_fails_is_no_outage(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50")
        try:
            with pytest.raises(Exception) as raised:
                cursor.execute(statement)
            assert not outages.is_outage(raised.value)
        finally:
            cursor.execute("SET statement_timeout = 0")


def test_every_way_to_lose_the_connection_is_an_outage() -> None:
    with pytest.raises((OperationalError, InterfaceError)) as raised:
        end_own_connection()
    assert outages.is_outage(raised.value)
    with pytest.raises((OperationalError, InterfaceError)) as raised, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert outages.is_outage(raised.value)
    connection.close()
