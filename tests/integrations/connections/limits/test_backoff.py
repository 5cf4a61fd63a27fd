"""Backoff: repeated failures and expired reserved slots delay a connection, and people get a notice."""

import datetime as dt

import pytest

from integrations.connections.grants import consent
from integrations.connections.limits import backoff, forecast, ledger
from integrations.connections.limits import queue as token_queue
from integrations.connections.models import (
    Connection,
    Notice,
    NoticeKind,
    Purpose,
    RequestState,
    Token,
    TokenDemand,
    TokenRequest,
)
from integrations.connections.notices import records
from integrations.connections.tokens import access
from integrations.connections.views import health, panels
from integrations.directory.sync import jobs, schedule
from integrations.jobs import queue, token_waits
from integrations.jobs.models import Job
from integrations.total_expert import TryLater
from portal.core import clock
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def limit(world: World, tokens_per_hour: int) -> None:
    world.environment.tokens_per_hour = tokens_per_hour
    world.environment.save()


def fail(connection: Connection, purpose: Purpose = Purpose.WORK, *, at_once: bool = True) -> bool:
    """One request of its job that gets no answer. False when it must wait."""
    try:
        request = ledger.open_request(connection, purpose=purpose, fence=1)
    except ledger.NoSlot:
        assert not at_once
        return False
    ledger.close_request(request, RequestState.LOST)
    return True


def test_the_first_failure_is_tried_again_at_once_and_each_later_one_after_twice_the_rest(
    world: World,
) -> None:
    connection = world.connected()
    limit(world, 100)
    rests = []
    for _ in range(16):
        fail(connection)
        lately = backoff.for_connection(connection, clock.now())
        rests.append(lately.not_before and round((lately.not_before - clock.now()) / HOUR))
        if lately.not_before:
            with pytest.raises(ledger.NoSlot, match="its last token requests failed"):
                ledger.open_request(connection, purpose=Purpose.WORK, fence=1)
            world.sandbox.pass_time((lately.not_before - clock.now()).total_seconds() + 1)
    assert rests == [None, 1, 2, 4, 8] + [12] * 11


@pytest.mark.parametrize("stalest", [True, False])
def test_one_whose_requests_always_fail_leaves_the_slots_to_the_others(world: World, stalest: bool) -> None:
    broken, healthy = world.connected(), world.connected(BLUEWATER)
    limit(world, 2)
    world.sandbox.pass_time(24 * 3600)
    stale = {broken: clock.now() - HOUR * (48 if stalest else 1), healthy: clock.now() - 24 * HOUR}
    served = {broken: 0, healthy: 0}
    free = dict.fromkeys(served, clock.now())
    for _ in range(48 * 6):
        for connection in (broken, healthy):
            if clock.now() < free[connection]:
                continue
            try:
                request = ledger.open_request(
                    connection, purpose=Purpose.WORK, fence=1, stale_since=stale[connection]
                )
            except ledger.NoSlot as later:
                free[connection] = later.at
                continue
            served[connection] += 1
            works = connection == healthy
            ledger.close_request(request, RequestState.GRANTED if works else RequestState.LOST)
            free[connection] = clock.now() + (6 * HOUR if works else HOUR / 4)
            stale[connection] = clock.now() if works else stale[connection]
        clock.advance(600)
    assert served[healthy] >= 7
    assert served[broken] <= 12


def test_a_grant_that_is_about_to_die_and_fails_does_not_keep_a_person_waiting(world: World) -> None:
    officer = world.member("officer")
    dying = world.consented(officer)
    world.sandbox.pass_time(12.1 * 24 * 3600)
    limit(world, 2)
    for _ in range(2):
        fail(dying, Purpose.KEEP_ALIVE)
        world.sandbox.pass_time(1600)
    fail(dying, Purpose.KEEP_ALIVE, at_once=False)
    person = world.member("officer")
    with pytest.raises(ledger.NoSlot) as told:
        world.begin(person)
    assert told.value.after < 2100
    world.sandbox.pass_time(told.value.after + 1)
    assert world.begin(person)


def test_an_operator_who_moves_it_forward_has_it_tried_once_more(world: World) -> None:
    connection = world.connected()
    limit(world, 100)
    assert fail(connection) and fail(connection)
    assert not fail(connection, at_once=False)
    token_queue.prioritize(connection, actor=world.operator)
    assert fail(connection)
    assert not fail(connection, at_once=False), "moving forward is for one request"


def test_a_token_that_is_granted_ends_it(world: World) -> None:
    connection = world.connected()
    assert fail(connection) and fail(connection)
    ledger.close_request(_at_last(world, connection), RequestState.GRANTED)
    found = backoff.for_connection(connection, clock.now())
    assert (found.failures, found.not_before) == (0, None)


def _at_last(world: World, connection: Connection) -> TokenRequest:
    world.sandbox.pass_time(3700)
    return ledger.open_request(connection, purpose=Purpose.WORK, fence=1)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_requests_that_are_refused_without_end_get_rarer_and_are_told(world: World, status: int) -> None:
    connection = world.connected()
    queue.run_now(jobs.start(connection=connection))
    before = connection.token_requests.count()
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "status": status, "times": 500})
    world.sandbox.pass_time(7 * 3600)
    for _ in range(24 * 2):
        schedule.start_due_syncs()
        for job in Job.objects.filter(kind=jobs.KIND, state="waiting"):
            queue.run_now(job)
        token_waits.report_failing_connections()
        world.sandbox.pass_time(1800)
    assert 3 <= connection.token_requests.count() - before <= 8
    [told] = Notice.objects.filter(connection=connection)
    assert told.kind == NoticeKind.FAILING and "token requests failed" in told.text
    connection.refresh_from_db()
    assert "failed" in health.of(connection).sentence
    world.sandbox.faults()
    world.sandbox.pass_time(12 * 3600)
    assert access.get_access_token(connection)
    token_waits.report_failing_connections()
    token_waits.report_failing_connections()
    kinds = list(Notice.objects.filter(connection=connection).values_list("kind", flat=True))
    assert kinds == [NoticeKind.RECOVERED, NoticeKind.FAILING]


def test_home_shows_who_gets_no_token(world: World, rf) -> None:
    connection = world.connected()
    limit(world, 100)
    request = rf.get("/")
    request.user = world.operator
    assert not (panels.attention(request, None) or {})["rows"]
    for _ in range(backoff.FAILURES_BEFORE_NOTICE):
        fail(connection)
        world.sandbox.pass_time(3601)
    [row] = (panels.attention(request, None) or {})["rows"]
    assert row.connection == connection and "failed" in row.sentence
    request.user = world.member("admin", BLUEWATER)
    assert not (panels.attention(request, None) or {})["rows"]


# consents that nobody finishes


def begin(world: World, person) -> bool:
    try:
        world.begin(person)
    except TryLater:
        return False
    return True


def test_people_of_one_organization_who_never_finish_leave_slots_to_the_others(world: World) -> None:
    puppets = [world.member("officer") for _ in range(8)]
    victim = world.connected(BLUEWATER)
    limit(world, 2)
    world.sandbox.pass_time(7200)
    served = 0
    turn = 0
    for _ in range(30):
        world.sandbox.pass_time(590)
        pair = [puppets[(turn + number) % 8] for number in range(2)]
        for person in pair:
            begin(world, person)
        world.sandbox.pass_time(11)
        try:
            ledger.close_request(
                ledger.open_request(victim, purpose=Purpose.WORK, fence=1), RequestState.GRANTED
            )
            served += 1
        except ledger.NoSlot:
            pass
        for person in pair:
            begin(world, person)
        turn += 2
    assert served >= 3, "in five hours"


def test_a_second_person_of_an_organization_waits_while_a_colleague_consents(world: World) -> None:
    limit(world, 2)
    first, second, stranger = (
        world.member("officer"),
        world.member("officer"),
        world.member("officer", BLUEWATER),
    )
    world.begin(first)
    with pytest.raises(ledger.NoSlot, match="a colleague is connecting") as told:
        world.begin(second)
    assert told.value.after <= ledger.RESERVATION_DURATION.total_seconds()
    assert world.begin(stranger, BLUEWATER)


def test_a_wide_hour_lets_colleagues_consent_at_once(world: World) -> None:
    limit(world, 20)
    for _ in range(8):
        assert world.begin(world.member("officer"))


def test_whoever_lets_two_slots_lapse_goes_before_nobody(world: World) -> None:
    person = world.member("officer")
    limit(world, 4)
    for _ in range(backoff.MAX_EXPIRED_RESERVATIONS):
        assert begin(world, person)
        world.sandbox.pass_time(ledger.RESERVATION_DURATION.total_seconds() + 1)
    own = consent.get_or_create_connection(Connection.objects.get(user=person).installation, person)
    token_queue.enqueue(own, purpose=Purpose.CONSENT)
    other = world.connected(BLUEWATER)
    token_queue.enqueue(other, purpose=Purpose.WORK, stale_since=clock.now() - HOUR)
    now, turn = forecast.for_connection(own, purpose=Purpose.CONSENT)
    assert turn.rank == 5
    Token.objects.all().delete()
    TokenDemand.objects.all().delete()
    world.sandbox.pass_time(3601)
    assert forecast.for_connection(own, purpose=Purpose.CONSENT)[1].rank == 2


def test_news_about_failing_is_written_once(world: World) -> None:
    connection = world.connected()
    limit(world, 100)
    for _ in range(3):
        fail(connection)
        world.sandbox.pass_time(3601)
    assert records.record_failing(connection)
    assert not records.record_failing(connection)
