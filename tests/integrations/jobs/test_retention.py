"""What is kept, and what is not for ever."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.connections import call_log, call_partitions
from integrations.connections.limits import budgets
from integrations.connections.limits import queue as token_queue
from integrations.connections.models import (
    Call,
    Connection,
    Installation,
    Purpose,
    TokenDemand,
    TokenRequest,
)
from integrations.jobs import queue, retention
from integrations.jobs.models import Job, JobLine
from portal.accounts.session_store import stored
from portal.core import clock
from tests.integrations.jobs.jobs import counting
from tests.world import World

pytestmark = pytest.mark.django_db


def test_ended_jobs_go_with_their_lines_after_their_time_and_active_ones_stay(
    installation: Installation,
) -> None:
    old = queue.run_now(counting(installation))
    Job.objects.filter(pk=old.pk).update(finished_at=clock.now() - retention.JOBS - dt.timedelta(days=1))
    recent = queue.run_now(counting(installation))
    active = counting(installation)
    Job.objects.filter(pk=active.pk).update(created_at=clock.now() - dt.timedelta(days=999))
    retention.delete_expired_rows()
    assert set(Job.objects.values_list("pk", flat=True)) == {recent.pk, active.pk}
    assert not JobLine.objects.filter(job_id=old.pk).exists()


def test_token_requests_that_count_no_more_and_sessions_that_ended_go(world: World) -> None:
    world.connected()
    Session.objects.create(session_key="old", expire_date=timezone.now() - dt.timedelta(days=1))
    Session.objects.create(session_key="open", expire_date=timezone.now() + dt.timedelta(days=1))
    retention.delete_expired_rows()
    retention.delete_short_lived_rows()
    assert TokenRequest.objects.count() == 1
    assert [row.session_key for row in Session.objects.all()] == [stored("open")]
    TokenRequest.objects.update(at=clock.now() - retention.TOKEN_REQUESTS - dt.timedelta(days=1))
    retention.delete_expired_rows()
    retention.delete_short_lived_rows()
    assert not TokenRequest.objects.exists()


def test_a_place_in_the_queue_for_tokens_is_kept_for_a_day(world: World) -> None:
    connection = world.connected()
    token_queue.enqueue(connection, purpose=Purpose.CONSENT)
    world.sandbox.pass_time(retention.DEMANDS.total_seconds() - 60)
    retention.delete_expired_rows()
    assert TokenDemand.objects.exists()
    world.sandbox.pass_time(120)
    retention.delete_expired_rows()
    assert not TokenDemand.objects.exists()


def test_counts_whose_time_is_over_go_and_the_others_stay() -> None:
    cache.set("old", 1, timeout=60)
    with database.cursor() as cursor:
        cursor.execute("UPDATE portal_cache SET expires = '2020-01-01 00:00:00'")
    cache.set("counted", 1, timeout=300)
    retention.delete_short_lived_rows()
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM portal_cache")
        assert cursor.fetchone()[0] == 1
    assert cache.get("counted") == 1


def test_the_cache_drops_no_count_because_there_are_many() -> None:
    cache.set("the-first", 1, timeout=300)
    for number in range(400):
        cache.set(f"another-{number}", 1, timeout=300)
    assert cache.get("the-first") == 1


def log_calls(connection: Connection, at: dt.datetime, count: int = 1) -> None:
    budget = budgets.for_connection(connection)
    call = {
        "connection": connection,
        "budget": budget,
        "method": "GET",
        "path": "/contacts",
        "milliseconds": 1,
    }
    Call.objects.bulk_create(Call(at=at, **call) for _ in range(count))
    database.check_constraints()  # as at the end of a transaction; until then its partition can't be dropped


def test_old_calls_are_deleted_until_none_are_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = world.connected()
    kept = Call.objects.count()
    expired = clock.now() - call_log.RETENTION - dt.timedelta(days=1)
    log_calls(connection, expired, 9)
    log_calls(connection, clock.now() - call_log.RETENTION + dt.timedelta(minutes=1))
    monkeypatch.setattr(retention, "BATCH", 2)
    retention.delete_old_calls()
    assert Call.objects.count() == kept + 1 > 1


def test_a_run_that_takes_too_long_deletes_the_oldest_calls_and_the_next_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = world.connected()
    expired = clock.now() - call_log.RETENTION - dt.timedelta(days=1)
    for days in (1, 3, 2):
        log_calls(connection, expired - dt.timedelta(days=days))
    monkeypatch.setattr(retention, "BATCH", 1)
    monkeypatch.setattr(retention, "SWEEP_SECONDS", 0.0)
    for left in (2, 1, 0):
        retention.delete_old_calls()
        old = Call.objects.filter(at__lte=expired)
        assert old.count() == left
        assert left == 0 or old.earliest("at").at == expired - dt.timedelta(days=left)


def test_each_day_of_calls_is_dropped_at_once_where_the_database_can(world: World) -> None:
    retention.delete_old_calls()
    connection = world.connected()
    written_at = clock.now() + dt.timedelta(days=1)
    log_calls(connection, written_at, 3)
    elsewhere = clock.now() + dt.timedelta(days=call_partitions.DAYS_AHEAD + 2)
    log_calls(connection, elsewhere)  # no worker has run since
    assert Call.objects.get(at=elsewhere).path == "/contacts"
    world.sandbox.pass_time(call_log.RETENTION.total_seconds() + 2 * 24 * 3600)
    with CaptureQueriesContext(database) as queries:
        retention.delete_old_calls()
    assert not Call.objects.filter(at__lte=written_at).exists()
    if database.vendor == "postgresql":
        assert any(query["sql"].startswith("DROP TABLE connections_call_") for query in queries)
        deleted = [query["sql"] for query in queries if query["sql"].startswith("DELETE")]
        assert not [sql for sql in deleted if "connections_call" in sql]
    assert Call.objects.filter(at=elsewhere).exists()
    retention.delete_old_calls()  # the day that has calls elsewhere gets no partition, the others have theirs
    world.sandbox.pass_time(call_log.RETENTION.total_seconds() + 5 * 24 * 3600)
    retention.delete_old_calls()
    assert not Call.objects.filter(at=elsewhere).exists()
