"""The consent flow: bound to the person, their session and the organization; one use; denial is fine."""

from dataclasses import replace
from typing import Any

import pytest

from integrations.connections.grants import consent
from integrations.connections.limits import egress, kill_switch, ledger, permits
from integrations.connections.models import (
    Connection,
    ConnectionState,
    ConsentAttempt,
    RequestState,
    Token,
    TokenRequest,
)
from integrations.total_expert import Rejected
from portal.core import clock
from tests.world import SESSION, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world: World):
    return world.member("admin")


def test_a_consent_stores_a_pair_and_activates_the_connection(world: World, admin) -> None:
    connection = consent.finish(world.come_back(admin), user=admin, session=SESSION)
    row = Connection.objects.get(pk=connection.pk)
    assert row.state == ConnectionState.ACTIVE
    token = Token.objects.get(connection=row)
    assert token.access_token and token.refresh_token
    assert token.refresh_expires_at is not None
    assert [r.state for r in TokenRequest.objects.all()] == [RequestState.GRANTED]


def test_the_state_is_stored_as_a_hash_only(world: World, admin) -> None:
    address = world.begin(admin)
    attempt = ConsentAttempt.objects.get()
    assert attempt.state_hash not in address
    assert "state=" in address


def test_a_denial_is_kind_and_gives_the_slot_back(world: World, admin) -> None:
    with pytest.raises(consent.AccessDenied, match="declined access"):
        consent.finish(world.come_back(admin, "Deny"), user=admin, session=SESSION)
    assert TokenRequest.objects.get().state == RequestState.RELEASED
    assert not Token.objects.exists()
    assert Connection.objects.get().state == ConnectionState.PENDING


def test_a_return_opened_again_says_that_it_is_connected_and_stores_nothing(world: World, admin) -> None:
    returned = world.come_back(admin)
    connection = consent.finish(returned, user=admin, session=SESSION)
    before = Token.objects.get().fence
    for _ in range(3):
        with pytest.raises(consent.AlreadyConnected) as already:
            consent.finish(returned, user=admin, session=SESSION)
        assert already.value.connection == connection
    assert Token.objects.get().fence == before
    assert TokenRequest.objects.count() == 1


@pytest.mark.parametrize(("button", "says"), [("Deny", "declined access"), ("Allow", "used before")])
def test_a_return_that_failed_and_is_opened_again_says_so(
    world: World, admin, button: str, says: str
) -> None:
    returned = world.come_back(admin, button)
    if button == "Allow":
        returned = consent.AuthorizationResponse("sandbox", returned.state, "not-the-code")
    with pytest.raises((consent.ResponseRefused, Rejected)):
        consent.finish(returned, user=admin, session=SESSION)
    with pytest.raises(consent.ResponseRefused, match=says):
        consent.finish(returned, user=admin, session=SESSION)
    assert Connection.objects.get().state == ConnectionState.PENDING


def test_reconnecting_after_a_grant_is_no_repetition(world: World, admin) -> None:
    consent.finish(world.come_back(admin), user=admin, session=SESSION)
    consent.finish(world.come_back(admin), user=admin, session=SESSION)
    assert [row.state for row in TokenRequest.objects.all()] == [RequestState.GRANTED] * 2


def test_a_forged_state_is_refused(world: World, admin) -> None:
    returned = world.come_back(admin)
    forged = consent.AuthorizationResponse("sandbox", "forged" + returned.state, returned.code)
    with pytest.raises(consent.ResponseRefused, match="doesn't belong"):
        consent.finish(forged, user=admin, session=SESSION)
    assert not Token.objects.exists()


@pytest.mark.parametrize("state", ["", "x", "x" * 5000, "\x00"])
def test_rubbish_for_a_state_is_refused(world: World, admin, state: str) -> None:
    with pytest.raises(consent.ResponseRefused):
        consent.finish(consent.AuthorizationResponse("sandbox", state, "code"), user=admin, session=SESSION)


def test_a_return_in_another_session_or_by_another_person_is_refused_and_does_not_use_it_up(
    world: World, admin
) -> None:
    returned = world.come_back(admin)
    for user, session in ((admin, "another-session"), (world.member("admin"), SESSION)):
        with pytest.raises(consent.ResponseRefused):
            consent.finish(returned, user=user, session=session)
    assert not Token.objects.exists()
    assert consent.finish(returned, user=admin, session=SESSION)


def test_a_return_after_ten_minutes_is_refused(world: World, admin) -> None:
    returned = world.come_back(admin)
    clock.advance(consent.ATTEMPT_LIFETIME.total_seconds() + 1)
    with pytest.raises(consent.ResponseRefused, match="ten minutes"):
        consent.finish(returned, user=admin, session=SESSION)


def test_an_expired_code_is_refused_with_a_sentence(world: World, admin) -> None:
    returned = world.come_back(admin)
    world.sandbox.pass_time(60)
    with pytest.raises(Rejected, match="too old or used before"):
        consent.finish(returned, user=admin, session=SESSION)
    assert Connection.objects.get().state == ConnectionState.PENDING
    assert TokenRequest.objects.get().state == RequestState.REFUSED


def test_a_failed_reconnect_leaves_the_working_grant_as_it_was(world: World, admin) -> None:
    connection = consent.finish(world.come_back(admin), user=admin, session=SESSION)
    pair = Token.objects.get().refresh_token
    returned = world.come_back(admin)
    with pytest.raises(Rejected):
        consent.finish(
            consent.AuthorizationResponse("sandbox", returned.state, "not-the-code"),
            user=admin,
            session=SESSION,
        )
    row = Connection.objects.get()
    assert (row.pk, row.state) == (connection.pk, ConnectionState.ACTIVE)
    assert Token.objects.get().refresh_token == pair


def test_consenting_again_keeps_the_connections_id(world: World, admin) -> None:
    first = consent.finish(world.come_back(admin), user=admin, session=SESSION)
    assert consent.finish(world.come_back(admin), user=admin, session=SESSION).pk == first.pk


def test_a_slot_is_held_before_somebody_is_sent_away(world: World, admin) -> None:
    world.environment.tokens_per_hour = 1
    world.environment.save()
    world.begin(admin)
    assert TokenRequest.objects.get().state == RequestState.RESERVED
    with pytest.raises(ledger.NoSlot):
        world.begin(world.member("admin"))


def test_starting_again_gives_the_earlier_slot_back(world: World, admin) -> None:
    world.environment.tokens_per_hour = 1
    world.environment.save()
    world.begin(admin)
    world.begin(admin)
    assert TokenRequest.objects.filter(state=RequestState.RESERVED).count() == 1


def test_while_everything_is_stopped_no_code_is_exchanged(world: World, admin) -> None:
    returned = world.come_back(admin)
    kill_switch.activate(reason="Maintenance", actor=world.operator)
    before = len(world.sandbox.requests("/v1/token"))
    with pytest.raises(permits.CallsStopped):
        consent.finish(returned, user=admin, session=SESSION)
    assert len(world.sandbox.requests("/v1/token")) == before
    assert TokenRequest.objects.get().state == RequestState.RELEASED
    kill_switch.release(actor=world.operator)
    assert world.consented(admin).state == ConnectionState.ACTIVE, "nothing is left locked"


def test_a_slot_of_one_address_is_not_used_by_another(world: World, admin, settings: Any) -> None:
    settings.PROXY_HOSTS = ["proxy.example"]
    returned = world.come_back(admin)
    way = egress.add_proxy(name="second", label="Second", proxy_url="https://proxy.example:3128", actor=None)
    egress.assign_egress(Connection.objects.get(), way, actor=None)
    before = len(world.sandbox.requests("/v1/token"))
    with pytest.raises(consent.ResponseRefused, match="time is over"):
        consent.finish(returned, user=admin, session=SESSION)
    assert len(world.sandbox.requests("/v1/token")) == before
    assert TokenRequest.objects.get().state == RequestState.RELEASED


@pytest.mark.parametrize("pkce", [True, False])
def test_a_code_challenge_is_used_where_the_environment_allows_it(world: World, admin, pkce: bool) -> None:
    world.environment.pkce = pkce
    world.environment.save()
    returned = world.come_back(admin)
    attempt = ConsentAttempt.objects.get()
    assert bool(attempt.code_verifier) == pkce
    query = world.sandbox.requests("/v1/authorize")[0]["query"]
    assert ("code_challenge_method=S256" in query) == pkce
    assert str(attempt.code_verifier) not in query
    assert consent.finish(returned, user=admin, session=SESSION).state == ConnectionState.ACTIVE
    assert ConsentAttempt.objects.get().code_verifier is None, "it is not needed any more"


def test_a_stolen_code_is_useless_without_its_verifier(world: World, admin) -> None:
    """An attacker's own response with a code that was issued to somebody else (RFC 9700, section 4.5)."""
    stolen = world.come_back(admin).code
    attacker = world.member("officer")
    own = world.come_back(attacker)
    with pytest.raises(Rejected, match="did not accept the code"):
        consent.finish(replace(own, code=stolen), user=attacker, session=SESSION)
    assert not Connection.objects.filter(state=ConnectionState.ACTIVE).exists()


@pytest.mark.parametrize("environment", ["", "other", "SANDBOX", "sandbox2"])
def test_a_response_at_the_redirect_uri_of_another_environment_is_refused(
    world: World, admin, environment: str
) -> None:
    returned = world.come_back(admin)
    sent = len(world.sandbox.requests("/v1/token"))
    with pytest.raises(consent.ResponseRefused, match="doesn't belong"):
        consent.finish(replace(returned, environment=environment), user=admin, session=SESSION)
    assert len(world.sandbox.requests("/v1/token")) == sent
    assert consent.finish(returned, user=admin, session=SESSION).state == ConnectionState.ACTIVE


@pytest.mark.parametrize(
    "issuer",
    ["https://evil.example", "http://sandbox.example", "https://sandbox.example:8443", "https://[",
     "https://sandbox.example.evil.example", "https://sandbox.example@evil.example", "https://sandbox.example:x",
     "sandbox.example", "//sandbox.example"],
)  # fmt: skip
def test_a_response_of_another_issuer_is_refused(world: World, admin, issuer: str) -> None:
    returned = world.come_back(admin)
    sent = len(world.sandbox.requests("/v1/token"))
    with pytest.raises(consent.ResponseRefused, match="another server"):
        consent.finish(replace(returned, issuer=issuer), user=admin, session=SESSION)
    assert len(world.sandbox.requests("/v1/token")) == sent
    assert TokenRequest.objects.get().state == RequestState.RELEASED


@pytest.mark.parametrize(
    "issuer", ["", "https://sandbox.example", "https://sandbox.example/", "https://sandbox.example:443/v1"]
)
def test_a_response_of_the_right_issuer_is_accepted(world: World, admin, issuer: str) -> None:
    returned = replace(world.come_back(admin), issuer=issuer)
    assert consent.finish(returned, user=admin, session=SESSION).state == ConnectionState.ACTIVE
