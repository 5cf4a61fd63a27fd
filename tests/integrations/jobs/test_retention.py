"""What is kept, and what is not for ever."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from integrations.connections import call_log
from integrations.connections.limits import budgets
from integrations.connections.limits import queue as token_queue
from integrations.connections.models import Call, Installation, Purpose, TokenDemand, TokenRequest
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
    with connection.cursor() as cursor:
        cursor.execute("UPDATE portal_cache SET expires = '2020-01-01 00:00:00'")
    cache.set("counted", 1, timeout=300)
    retention.delete_short_lived_rows()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM portal_cache")
        assert cursor.fetchone()[0] == 1
    assert cache.get("counted") == 1


def test_the_cache_drops_no_count_because_there_are_many() -> None:
    cache.set("the-first", 1, timeout=300)
    for number in range(400):
        cache.set(f"another-{number}", 1, timeout=300)
    assert cache.get("the-first") == 1


def test_old_calls_go_a_bounded_number_at_a_time_the_oldest_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = world.connected()
    kept = Call.objects.count()
    budget = budgets.for_connection(connection)
    long_ago = clock.now() - call_log.RETENTION
    for days in (1, 2, 3):
        Call.objects.create(
            at=long_ago - dt.timedelta(days=days),
            connection=connection,
            budget=budget,
            method="GET",
            path="/contacts",
            milliseconds=1,
        )
    monkeypatch.setattr(retention, "CALLS_BATCH", 2)
    retention.delete_old_calls()
    assert Call.objects.filter(at__lt=long_ago).count() == 1
    assert Call.objects.earliest("at").at > long_ago - dt.timedelta(days=2)
    retention.delete_old_calls()
    assert Call.objects.count() == kept > 0
