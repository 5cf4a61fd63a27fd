"""Key rotation: everything is re-encrypted while the portal runs, and nothing newer is overwritten."""

import json
from typing import Any

import pytest

from integrations.connections.models import Connection, Token
from integrations.connections.tokens import access
from portal.audit.models import Entry
from portal.encryption import rotation
from portal.encryption.cipher import Ciphertext
from portal.encryption.stores import all_stores
from tests.portal.encryption.keys import entry, old_ciphertext, put_in_front, take_out
from tests.portal.people import person, with_app
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db


def everything() -> dict[str, list[str]]:
    """Return the decrypted values of the encrypted columns."""
    token = Token.objects.get()
    connection = Connection.objects.get()
    return {
        "token": [str(token.access_token)],
        "credentials": [str(connection.client_id), str(connection.client_secret)],
    }


def test_every_encrypted_field_of_every_app_is_found() -> None:
    names = {store.name for store in all_stores()}
    assert {
        "connections.ApplicationCredential.client_secret",
        "connections.Connection.client_id",
        "connections.CredentialCandidate.access_token",
        "connections.Egress.proxy_url",
        "connections.Token.refresh_token",
        "onboarding.BulkRow.client_secret",
        "mfa.Authenticator.data",
    } <= names


def test_everything_is_encrypted_with_the_active_key_and_readable_without_the_old_one(
    world: World, settings: Any
) -> None:
    world.connected()
    before, held = everything(), rotation.count()
    assert set(held) == {"test"} and held["test"] >= 6
    put_in_front(settings)
    outcome = rotation.rotate()
    assert (outcome.key, outcome.reencrypted, outcome.already_current, outcome.left) == (
        "new",
        held["test"],
        0,
        0,
    )
    assert not outcome.failed
    take_out(settings)
    assert everything() == before
    assert rotation.count() == {"new": held["test"]}


def test_values_that_do_not_name_their_owner_are_replaced_even_under_the_active_key(world: World) -> None:
    world.connected()
    token, plaintext = Token.objects.get(), str(Token.objects.get().access_token)
    old = old_ciphertext(plaintext, label="connections.token.access", row=token.pk)
    Token.objects.update(access_token=old)
    assert Token.objects.get().access_token == plaintext
    outcome = rotation.rotate()
    assert (outcome.reencrypted, outcome.left, outcome.failed) == (1, 0, [])
    assert Token.objects.get().access_token == plaintext
    assert rotation.rotate().reencrypted == 0


def test_repeating_a_rotation_changes_nothing(world: World, settings: Any) -> None:
    world.connected()
    put_in_front(settings)
    first = rotation.rotate()
    ciphertext = Token.objects.values_list("access_token").get()
    again = rotation.rotate()
    assert (again.reencrypted, again.already_current, again.left) == (0, first.reencrypted, 0)
    assert Token.objects.values_list("access_token").get() == ciphertext
    recorded = Entry.objects.filter(action="keys.rotated")
    assert [row.detail for row in recorded] == [
        {"key": "new", "reencrypted": first.reencrypted, "failed": 0, "left": 0, "stopped": False}
    ]


def test_a_stopped_rotation_reports_what_is_left_and_continues_when_repeated(
    world: World, settings: Any
) -> None:
    world.connected()
    held = rotation.count().total()
    put_in_front(settings)
    calls: list[int] = []

    def after_the_second() -> bool:
        calls.append(1)
        return len(calls) == 2

    stopped = rotation.rotate(stop=after_the_second)
    assert stopped.stopped and (stopped.reencrypted, stopped.left) == (2, held - 2)
    rest = rotation.rotate()
    assert not rest.stopped and (rest.reencrypted, rest.already_current, rest.left) == (held - 2, 2, 0)


def test_progress_is_reported_for_each_store(world: World, settings: Any) -> None:
    world.connected()
    put_in_front(settings)
    reported: dict[str, tuple[int, int]] = {}
    rotation.rotate(progress=lambda store, done, total: reported.update({store: (done, total)}))
    assert reported["connections.Token.access_token"] == (1, 1)
    assert "connections.Token.refresh_token" not in reported  # it has no values


def test_a_value_whose_key_is_missing_is_reported_and_the_rest_is_re_encrypted(
    world: World, settings: Any
) -> None:
    connection = world.connected()
    put_in_front(settings, "lost")
    token = Token.objects.get()
    token.access_token = "encrypted with a key that will be lost"
    token.save()
    take_out(settings, "lost")
    put_in_front(settings)
    outcome = rotation.rotate()
    (failure,) = outcome.failed
    assert (failure.store, failure.row, failure.key) == (
        "connections.Token.access_token",
        str(token.pk),
        "lost",
    )
    assert "lost" in failure.problem and outcome.left == 1
    assert rotation.count() == {"new": outcome.reencrypted, "lost": 1}
    connection.refresh_from_db()
    assert connection.client_secret


def test_a_ciphertext_moved_to_another_row_is_reported_and_not_changed(world: World, settings: Any) -> None:
    world.connected()
    world.connected(BLUEWATER)
    first, second = Token.objects.order_by("pk")
    moved = first.__dict__["access_token"]
    Token.objects.filter(pk=second.pk).update(access_token=moved)
    put_in_front(settings)
    outcome = rotation.rotate()
    (failure,) = outcome.failed
    assert (failure.row, failure.key) == (str(second.pk), "test")
    assert "it belongs to another row" in failure.problem
    assert Token.objects.values_list("access_token", flat=True).get(pk=second.pk) == moved


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\xff", b"\x03\x04test", b"\x01\x04te", b"\x02\x04te"])
def test_a_value_that_is_no_ciphertext_is_reported(world: World, settings: Any, data: bytes) -> None:
    world.connected()
    Token.objects.update(access_token=Ciphertext(data))
    put_in_front(settings)
    outcome = rotation.rotate()
    assert [failure.store for failure in outcome.failed] == ["connections.Token.access_token"]
    assert outcome.left == 1
    assert rotation.count()[""] == 1


def test_a_value_that_has_changed_since_it_was_read_is_not_overwritten(world: World, settings: Any) -> None:
    world.connected()
    (store,) = (store for store in all_stores() if store.name == "connections.Token.access_token")
    put_in_front(settings)
    (read,) = store.values("new", others=True, after=None, limit=10)
    token = Token.objects.get()
    token.access_token = "a newer token"
    token.save()
    assert store.reencrypt(read) is False
    token.refresh_from_db()
    assert token.access_token == "a newer token"


def test_a_stale_row_saved_during_a_rotation_is_re_encrypted_in_the_next_scan(
    world: World, settings: Any
) -> None:
    world.connected()
    put_in_front(settings)
    stale = Token.objects.get()
    before, saved = stale.access_token, list[bool]()

    def save_once(store: str, done: int, total: int) -> None:
        if store == "connections.Token.access_token" and not saved:
            saved.append(True)
            stale.save()  # restores the ciphertext of the old key

    outcome = rotation.rotate(progress=save_once)
    assert saved and outcome.left == 0
    take_out(settings)
    assert Token.objects.get().access_token == before


def test_a_key_replaced_by_another_one_with_the_same_id_is_detected(world: World, settings: Any) -> None:
    world.connected()
    with_app(person("ada@cedar.example"))
    held = rotation.count().total()
    settings.ENCRYPTION_KEYS = entry("test")
    outcome = rotation.rotate()
    assert (outcome.reencrypted, outcome.already_current, outcome.left) == (0, held, 0)
    assert len(outcome.failed) == held and {failure.key for failure in outcome.failed} == {"test"}


def test_a_token_works_during_and_after_a_rotation(world: World, settings: Any) -> None:
    connection = world.connected()
    before = access.get_access_token(connection)
    put_in_front(settings)
    assert access.get_access_token(connection) == before
    rotation.rotate()
    take_out(settings)
    assert access.get_access_token(connection) == before
    assert "secret" not in json.dumps([row.detail for row in Entry.objects.filter(action="keys.rotated")])
