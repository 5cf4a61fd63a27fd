"""Key rotation: everything is sealed anew while all else runs, nothing is overwritten, what is closed is named."""

import json
import threading
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connections
from django.test import Client
from django.urls import reverse

from integrations.connections.models import Connection, Token
from integrations.connections.tokens import access
from portal.accounts.second_factors.seeds import Seeds
from portal.audit.models import Entry
from portal.encryption import fields, rotation
from portal.encryption.places import places
from tests.portal.encryption.keys import entry, put_in_front, take_out
from tests.portal.people import PASSWORD, person, totp_code, with_app, with_recovery_codes
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db


def everything() -> dict[str, list[str]]:
    """What the sealed columns hold, opened."""
    token = Token.objects.get()
    connection = Connection.objects.get()
    return {
        "token": [str(token.access_token)],
        "credentials": [str(connection.client_id), str(connection.client_secret)],
    }


def test_every_encrypted_field_of_every_app_is_found() -> None:
    names = {place.name for place in places()}
    assert {
        "connections.ApplicationCredential.client_secret",
        "connections.Connection.client_id",
        "connections.CredentialCandidate.access_token",
        "connections.Egress.proxy_url",
        "connections.Token.refresh_token",
        "onboarding.BulkRow.client_secret",
        "mfa.Authenticator.data",
    } <= names


def test_everything_is_sealed_with_the_newest_key_and_opens_without_the_old_one(
    world: World, settings: Any
) -> None:
    world.connected()
    before, held = everything(), rotation.count()
    assert set(held) == {"test"} and held["test"] >= 6
    put_in_front(settings)
    outcome = rotation.rotate()
    assert (outcome.key, outcome.resealed, outcome.already, outcome.left) == ("new", held["test"], 0, 0)
    assert not outcome.failed
    take_out(settings)
    assert everything() == before
    assert rotation.count() == {"new": held["test"]}


def test_a_rotation_that_is_repeated_does_nothing_new(world: World, settings: Any) -> None:
    world.connected()
    put_in_front(settings)
    first = rotation.rotate()
    ciphertext = Token.objects.values_list("access_token").get()
    again = rotation.rotate()
    assert (again.resealed, again.already, again.left) == (0, first.resealed, 0)
    assert Token.objects.values_list("access_token").get() == ciphertext
    noted = Entry.objects.filter(action="keys.rotated")
    assert [row.detail for row in noted] == [
        {"key": "new", "resealed": first.resealed, "failed": 0, "left": 0, "stopped": False}
    ]


def test_a_stopped_rotation_says_what_is_left_and_goes_on_when_repeated(world: World, settings: Any) -> None:
    world.connected()
    held = rotation.count().total()
    put_in_front(settings)
    asked: list[int] = []

    def after_the_second() -> bool:
        asked.append(1)
        return len(asked) == 2

    stopped = rotation.rotate(stop=after_the_second)
    assert stopped.stopped and (stopped.resealed, stopped.left) == (2, held - 2)
    rest = rotation.rotate()
    assert not rest.stopped and (rest.resealed, rest.already, rest.left) == (held - 2, 2, 0)


def test_progress_is_told_for_each_place(world: World, settings: Any) -> None:
    world.connected()
    put_in_front(settings)
    told: dict[str, tuple[int, int]] = {}
    rotation.rotate(progress=lambda place, done, total: told.update({place: (done, total)}))
    assert told["connections.Token.access_token"] == (1, 1)
    assert "connections.Token.refresh_token" not in told  # nothing is there


def test_a_missing_key_stops_nothing_and_is_named(world: World, settings: Any) -> None:
    connection = world.connected()
    put_in_front(settings, "lost")
    token = Token.objects.get()
    token.access_token = "sealed with what will be lost"
    token.save()
    take_out(settings, "lost")
    put_in_front(settings)
    outcome = rotation.rotate()
    (failure,) = outcome.failed
    assert (failure.model, failure.row, failure.key) == (
        "connections.Token.access_token",
        str(token.pk),
        "lost",
    )
    assert "lost" in failure.problem and outcome.left == 1
    assert rotation.count() == {"new": outcome.resealed, "lost": 1}
    connection.refresh_from_db()
    assert connection.client_secret


def test_a_ciphertext_moved_to_another_row_is_named_and_left_alone(world: World, settings: Any) -> None:
    world.connected()
    world.connected(BLUEWATER)
    first, second = Token.objects.order_by("pk")
    moved = first.__dict__["access_token"]
    Token.objects.filter(pk=second.pk).update(access_token=moved)
    put_in_front(settings)
    outcome = rotation.rotate()
    (failure,) = outcome.failed
    assert (failure.row, failure.key) == (str(second.pk), "test")
    assert "another" not in failure.problem and "does not belong to its row" in failure.problem
    assert Token.objects.values_list("access_token", flat=True).get(pk=second.pk) == moved


@pytest.mark.parametrize("rubbish", [b"", b"\x01", b"\x01\xff", b"\x02\x04test", b"\x01\x04te"])
def test_what_is_no_ciphertext_at_all_is_named(world: World, settings: Any, rubbish: bytes) -> None:
    world.connected()
    Token.objects.update(access_token=fields.Ciphertext(rubbish))
    put_in_front(settings)
    outcome = rotation.rotate()
    assert [failure.model for failure in outcome.failed] == ["connections.Token.access_token"]
    assert outcome.left == 1
    assert rotation.count()[""] == 1


def test_a_value_that_changed_since_it_was_read_is_not_overwritten(world: World, settings: Any) -> None:
    world.connected()
    (place,) = (place for place in places() if place.name == "connections.Token.access_token")
    put_in_front(settings)
    (read,) = place.values("new", others=True, after=None, limit=10)
    token = Token.objects.get()
    token.access_token = "granted meanwhile"
    token.save()
    assert place.reseal(read) is False
    token.refresh_from_db()
    assert token.access_token == "granted meanwhile"


def test_a_row_saved_as_it_was_read_before_is_sealed_anew_in_the_next_walk(
    world: World, settings: Any
) -> None:
    world.connected()
    put_in_front(settings)
    stale = Token.objects.get()
    before, saved = stale.access_token, list[bool]()

    def save_once(place: str, done: int, total: int) -> None:
        if place == "connections.Token.access_token" and not saved:
            saved.append(True)
            stale.save()  # puts back what was sealed with the old key

    outcome = rotation.rotate(progress=save_once)
    assert saved and outcome.left == 0
    take_out(settings)
    assert Token.objects.get().access_token == before


@pytest.mark.django_db(transaction=True)
def test_tokens_that_two_threads_write_all_the_time_are_neither_lost_nor_turned_back(
    world: World, settings: Any
) -> None:
    world.connected()
    world.connected(BLUEWATER)
    put_in_front(settings)
    stop, written, errors = threading.Event(), {}, []

    def write(pk: Any, name: str) -> None:
        try:
            number = 0
            while not stop.is_set():
                number += 1
                token = Token.objects.get(pk=pk)
                if number > 1:
                    assert token.access_token == f"{name} {number - 1}"
                token.access_token = f"{name} {number}"
                token.save()
                written[pk] = f"{name} {number}"
        except Exception as problem:
            errors.append(problem)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=write, args=(pk, f"writer {n}"))
        for n, pk in enumerate(Token.objects.values_list("pk", flat=True))
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 1.5
    rounds = 0
    while time.monotonic() < until or rounds < 2:
        put_in_front(settings, f"k{rounds}")
        outcome = rotation.rotate()
        assert not outcome.failed
        rounds += 1
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors and rounds > 1
    last = rotation.rotate()
    assert last.left == 0
    assert {token.pk: token.access_token for token in Token.objects.all()} == written


def test_a_key_replaced_by_another_of_its_id_is_noticed(world: World, settings: Any) -> None:
    world.connected()
    with_app(person("ada@cedar.example"))
    held = rotation.count().total()
    settings.ENCRYPTION_KEYS = entry("test")
    outcome = rotation.rotate()
    assert (outcome.resealed, outcome.already, outcome.left) == (0, held, 0)
    assert len(outcome.failed) == held and {failure.key for failure in outcome.failed} == {"test"}


# --- Second factors -------------------------------------------------------------------------------------------------


def sign_in(email: str, code: str) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    client.post(reverse("mfa_authenticate"), {"code": code})
    return client


def test_an_app_and_its_recovery_codes_sign_in_after_the_old_key_is_gone(settings: Any) -> None:
    user = person("ada@cedar.example")
    secret = with_app(user)
    used, unused, *_ = with_recovery_codes(user)
    assert Authenticator.objects.get(type="recovery_codes").wrap().validate_code(used)
    put_in_front(settings)
    assert rotation.rotate().resealed == 2
    take_out(settings)
    assert "_auth_user_id" in sign_in(user.email, totp_code(secret)).session
    assert "_auth_user_id" not in sign_in(user.email, used).session
    assert "_auth_user_id" in sign_in(user.email, unused).session


def test_a_seed_that_was_altered_is_named(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    row = Authenticator.objects.get()
    Authenticator.objects.filter(pk=row.pk).update(data={**row.data, "secret": "no base64"})
    put_in_front(settings)
    (failure,) = rotation.rotate().failed
    assert (failure.model, failure.row) == ("mfa.Authenticator.data", str(row.pk))


def test_an_authenticator_that_was_removed_meanwhile_is_no_failure(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    (read,) = Seeds().values("new", others=True, after=None, limit=5)
    Authenticator.objects.all().delete()
    assert Seeds().reseal(read) is False


def test_the_places_are_read_in_bounded_batches(settings: Any) -> None:
    for number in range(5):
        with_app(person(f"p{number}@cedar.example"))
    put_in_front(settings)
    first = Seeds().values("new", others=True, after=None, limit=2)
    rest = Seeds().values("new", others=True, after=first[-1].row, limit=10)
    assert [len(first), len(rest)] == [2, 3]


def test_a_token_works_while_and_after_keys_are_rotated(world: World, settings: Any) -> None:
    connection = world.connected()
    before = access.get_access_token(connection)
    put_in_front(settings)
    assert access.get_access_token(connection) == before
    rotation.rotate()
    take_out(settings)
    assert access.get_access_token(connection) == before
    assert "secret" not in json.dumps([row.detail for row in Entry.objects.filter(action="keys.rotated")])
