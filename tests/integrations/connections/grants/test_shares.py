"""Entered credentials take no more than their share: failed tries wait, and unproven claims block nobody."""

import pytest

from integrations.connections import installations
from integrations.connections.grants import client_credentials, consent
from integrations.connections.limits import budgets, forecast, tries
from integrations.connections.limits import queue as token_queue
from integrations.connections.limits.scheduler import Rank
from integrations.connections.models import (
    Connection,
    ConnectionState,
    CredentialCandidate,
    Environment,
    Purpose,
    TokenRequest,
)
from integrations.connections.tokens import access
from integrations.jobs import queue, worker
from integrations.onboarding import verification
from integrations.total_expert import Rejected, TryLater
from portal.accounts.models import User
from portal.core import clock
from portal.organizations.models import Membership
from portal.organizations.roles import Role
from tests.world import BLUEWATER, CEDAR, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendor(world: World) -> World:
    """A world with the vendor's limit, in which CT is a second environment on the same host."""
    Environment.objects.update(tokens_per_hour=2)
    ours = world.environment
    Environment.objects.create(
        name="ct",
        label="CT",
        base_url=ours.base_url,
        authorize_url=ours.authorize_url,
        calls_per_minute=0,
        tokens_per_hour=2,
    )
    return world


def paste(
    world: World, actor: User, *, name: str = CEDAR, environment: str = "sandbox", secret: str = "wrong"
) -> Connection:
    return client_credentials.propose(
        installation=installations.get_or_create(
            world.organization(name), Environment.objects.get(name=environment)
        ),
        client_id=world.sandbox.organization(name)["client_id"],
        client_secret=secret,
        actor=actor,
    )


def sent(world: World) -> int:
    return len(world.sandbox.requests("/v1/token"))


def waiting_for_a_token(world: World) -> Connection:
    """Another customer's connection whose token has expired."""
    connection = world.connected(BLUEWATER)
    world.sandbox.pass_time(3 * 3600)
    return connection


@pytest.mark.parametrize("times", [2, 50])
@pytest.mark.parametrize("environments", [("sandbox", "ct"), ("ct", "sandbox"), ("sandbox",)])
def test_wrong_credentials_leave_another_customers_token_on_time(
    vendor: World, times: int, environments: tuple[str, ...]
) -> None:
    other, admin = waiting_for_a_token(vendor), vendor.member("admin")
    before = sent(vendor)
    for number in range(times):
        try:
            connection = paste(vendor, admin, environment=environments[number % len(environments)])
            client_credentials.activate_candidate(connection)
        except (Rejected, TryLater):
            continue
    assert sent(vendor) == before + 1
    assert access.get_access_token(other)


def test_credentials_entered_before_the_first_ones_are_refused_wait_too(vendor: World) -> None:
    other, admin = waiting_for_a_token(vendor), vendor.member("admin")
    first, second = paste(vendor, admin), paste(vendor, admin, environment="ct")
    with pytest.raises(Rejected):
        client_credentials.activate_candidate(first)
    with pytest.raises(TryLater, match="entered before didn't work") as later:
        client_credentials.activate_candidate(second)
    assert 3500 < (later.value.after or 0) <= 3600
    assert access.get_access_token(other)
    vendor.sandbox.pass_time(3700)
    with pytest.raises(Rejected):
        client_credentials.activate_candidate(second)


def test_a_person_waits_in_all_their_organizations(vendor: World) -> None:
    other, admin = waiting_for_a_token(vendor), vendor.member("admin")
    Membership.objects.create(
        user=admin,
        organization=vendor.organization(BLUEWATER),
        role=Role.ADMIN,
        created_at=clock.now(),
    )
    with pytest.raises(Rejected, match="doesn't know"):
        client_credentials.activate_candidate(paste(vendor, admin))
    with pytest.raises(Rejected) as refused:
        paste(vendor, admin, name=BLUEWATER, environment="ct")
    assert refused.value.code == "too_many_tries"
    assert access.get_access_token(other)


def test_colleagues_wait_for_each_others_tries(vendor: World) -> None:
    one, other = vendor.member("admin"), vendor.member("admin")
    with pytest.raises(Rejected, match="doesn't know"):
        client_credentials.activate_candidate(paste(vendor, one))
    with pytest.raises(Rejected) as refused:
        paste(vendor, other, environment="ct")
    assert refused.value.code == "too_many_tries"


def test_each_failed_try_of_a_day_doubles_the_pause(vendor: World) -> None:
    admin, installation = vendor.member("admin"), None
    pauses = []
    for _ in range(4):
        connection = paste(vendor, admin)
        installation = connection.installation
        with pytest.raises(Rejected, match="doesn't know"):
            client_credentials.activate_candidate(connection)
        at = clock.now()
        until = tries.paused_until(
            installation.environment, organization_id=installation.organization_id, person=admin, at=at
        )
        assert until is not None
        pauses.append(round((until - at).total_seconds() / 3600))
        vendor.sandbox.pass_time((until - at).total_seconds() + 1)
    assert pauses == [1, 2, 4, 8]


def test_credentials_that_work_cause_no_pause(vendor: World) -> None:
    admin = vendor.member("admin")
    right = vendor.sandbox.organization(CEDAR)["client_secret"]
    client_credentials.activate_candidate(paste(vendor, admin, secret=right))
    second = paste(vendor, admin, environment="ct", secret=right)
    client_credentials.activate_candidate(second)
    assert {row.state for row in Connection.objects.all()} == {ConnectionState.ACTIVE}


def test_operators_try_again_at_once(vendor: World) -> None:
    for _ in range(2):
        with pytest.raises(Rejected, match="doesn't know"):
            client_credentials.activate_candidate(paste(vendor, vendor.operator))
    assert sent(vendor) == 2


def stranger_claims(world: World, *, secret: str = "wrong") -> Connection:
    """An admin of Bluewater enters Cedar's client ID."""
    return client_credentials.propose(
        installation=installations.get_or_create(world.organization(BLUEWATER), world.environment),
        client_id=world.sandbox.organization(CEDAR)["client_id"],
        client_secret=secret,
        actor=world.member("admin", BLUEWATER),
    )


@pytest.mark.parametrize("after", ["canceled", "refused", "still waiting"])
@pytest.mark.parametrize("owner", ["admin", "operator"])
def test_the_owner_connects_whatever_a_stranger_claimed(world: World, after: str, owner: str) -> None:
    claim = stranger_claims(world)
    job = verification.start(claim, actor=world.operator)
    if after == "canceled":
        queue.cancel(job, actor=world.operator)
        assert not CredentialCandidate.objects.exists()
    elif after == "refused":
        worker.advance(job.pk)
    actor = world.operator if owner == "operator" else world.member("admin")
    theirs = world.sandbox.organization(CEDAR)["client_secret"]
    connection = paste(world, actor, secret=theirs)
    client_credentials.activate_candidate(connection)
    assert Connection.objects.get(pk=connection.pk).state == ConnectionState.ACTIVE


@pytest.mark.parametrize("owner", ["nobody", "claimed", "connected"])
def test_a_client_id_tells_a_stranger_nothing_about_other_organizations(world: World, owner: str) -> None:
    if owner == "claimed":
        paste(world, world.member("admin"))
    elif owner == "connected":
        world.connected(CEDAR)
    claim = stranger_claims(world)
    with pytest.raises(Rejected) as refused:
        client_credentials.activate_candidate(claim)
    assert refused.value.code == "invalid_client"
    assert str(refused.value).startswith(
        "Total Expert doesn't know this client ID and client secret in Sandbox."
    )


def test_of_two_organizations_with_the_same_working_credentials_the_first_keeps_them(world: World) -> None:
    first = world.connected(CEDAR)
    second = stranger_claims(world, secret=world.sandbox.organization(CEDAR)["client_secret"])
    with pytest.raises(Rejected) as refused:
        client_credentials.activate_candidate(second)
    assert refused.value.code == "another_organization"
    second.refresh_from_db()
    assert (second.state, second.conflicts_with) == (ConnectionState.QUARANTINED, first)


def test_credentials_withdrawn_during_their_try_are_not_used(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = world.propose()
    send = access.send_request

    def withdraw_meanwhile(*args, **kwargs):
        answer = send(*args, **kwargs)
        client_credentials.discard(connection)
        return answer

    monkeypatch.setattr(access, "send_request", withdraw_meanwhile)
    with pytest.raises(TryLater, match="replaced while they were tried"):
        client_credentials.activate_candidate(connection)
    assert Connection.objects.get().state == ConnectionState.PENDING
    assert [row.state for row in TokenRequest.objects.all()] == ["granted"]


def test_credentials_that_nobody_tries_are_deleted(world: World) -> None:
    world.propose()
    verification.discard_forgotten()
    assert CredentialCandidate.objects.exists()
    world.sandbox.pass_time(15 * 86400)
    verification.discard_forgotten()
    assert not CredentialCandidate.objects.exists()


def test_reconnecting_again_and_again_loses_its_priority(world: World) -> None:
    officer, other = world.member("officer"), world.member("officer", BLUEWATER)
    connection = world.consented(officer)
    Environment.objects.update(tokens_per_hour=2)
    budget = budgets.for_connection(connection)

    def rank_of(person: User, name: str = CEDAR) -> Rank:
        queued = consent.get_or_create_connection(
            installations.get_or_create(world.organization(name), world.environment), person
        )
        token_queue.enqueue(queued, purpose=Purpose.CONSENT)
        ranks = {
            demand.connection_id: demand.rank
            for demand in token_queue.load_waiting(budget, forecast.load_usage(budget), first=5)
        }
        token_queue.withdraw(queued)
        return ranks[str(queued.pk)]

    assert rank_of(officer) == Rank.PERSON
    world.sandbox.pass_time(3700)
    world.consented(officer)
    assert rank_of(officer) == Rank.WORK
    assert rank_of(other, BLUEWATER) == Rank.PERSON
    world.sandbox.pass_time(86400)
    assert rank_of(officer) == Rank.PERSON
