"""Secrets at rest."""

import base64
import os
import uuid

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from integrations.connections.models import ApplicationCredential, Environment
from portal.encryption import fields

ROW, OTHER = uuid.uuid4(), uuid.uuid4()


def a_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@given(st.text())
def test_what_was_sealed_opens_again(text: str) -> None:
    assert fields.decrypt(fields.encrypt(text, label="a", row=ROW), label="a", row=ROW) == text


def test_a_ciphertext_copied_to_another_row_or_field_does_not_open() -> None:
    sealed = fields.encrypt("secret", label="a", row=ROW)
    for label, row in (("a", OTHER), ("b", ROW)):
        with pytest.raises(fields.DecryptionError):
            fields.decrypt(sealed, label=label, row=row)


@given(st.binary(max_size=80))
def test_rubbish_is_refused_with_a_sentence(rubbish: bytes) -> None:
    with pytest.raises(fields.DecryptionError):
        fields.decrypt(rubbish, label="a", row=ROW)


def test_an_altered_ciphertext_does_not_open() -> None:
    sealed = bytearray(fields.encrypt("secret", label="a", row=ROW))
    sealed[-1] ^= 1
    with pytest.raises(fields.DecryptionError):
        fields.decrypt(bytes(sealed), label="a", row=ROW)


def test_the_newest_key_seals_and_older_ones_still_open(settings) -> None:
    old, new = f"old:{a_key()}", f"new:{a_key()}"
    settings.ENCRYPTION_KEYS = old
    sealed = fields.encrypt("secret", label="a", row=ROW)
    settings.ENCRYPTION_KEYS = f"{new},{old}"
    assert fields.decrypt(sealed, label="a", row=ROW) == "secret"
    assert fields.key_id_of(sealed) == "old"
    assert fields.key_id_of(fields.encrypt("secret", label="a", row=ROW)) == "new"


def test_a_missing_key_is_named(settings) -> None:
    settings.ENCRYPTION_KEYS = f"old:{a_key()}"
    sealed = fields.encrypt("secret", label="a", row=ROW)
    settings.ENCRYPTION_KEYS = f"new:{a_key()}"
    with pytest.raises(fields.DecryptionError, match="old"):
        fields.decrypt(sealed, label="a", row=ROW)


@pytest.mark.parametrize("text", ["", "k1", "k1:short", "k1:!!!!", ":" + "A" * 44])
def test_unusable_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        fields.parse_keys(text)
    assert "short" not in str(refused.value)


@pytest.fixture
def application(db) -> ApplicationCredential:
    environment = Environment.objects.create(
        name="ct", label="CT", base_url="https://x.example/v1", authorize_url="https://x.example/v1/authorize"
    )
    row = ApplicationCredential(environment=environment, created_at=timezone.now())
    row.client_id, row.client_secret = "public-id", "canary-secret"
    row.save()
    return row


def test_two_keys_of_one_id_are_refused_since_one_of_them_would_be_gone() -> None:
    with pytest.raises(ImproperlyConfigured, match="entry 3 has the id of an earlier one"):
        fields.parse_keys(f"k1:{a_key()},k2:{a_key()},k1:{a_key()}")


def test_a_row_opens_its_own_secret_and_shows_it_nowhere(application: ApplicationCredential) -> None:
    row = ApplicationCredential.objects.get()
    assert row.client_secret == "canary-secret"
    for shown in (repr(row), str(row), repr(row.__dict__), repr(ApplicationCredential.objects.values())):
        assert "canary-secret" not in shown


def test_the_database_holds_no_readable_secret(application: ApplicationCredential) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM connections_applicationcredential")
        assert b"canary" not in bytes(cursor.fetchone()[0])


def test_an_encrypted_field_takes_no_plain_text_in_bulk(application: ApplicationCredential) -> None:
    with pytest.raises(TypeError):
        ApplicationCredential.objects.update(client_secret="plain")


def test_a_secret_survives_saving_other_fields_and_reloading(application: ApplicationCredential) -> None:
    application.scopes = "other"
    application.save()
    application.refresh_from_db()
    assert application.client_secret == "canary-secret"
    assert ApplicationCredential.objects.defer("client_secret").get().client_secret == "canary-secret"


def test_equal_values_have_equal_fingerprints_only_under_one_label() -> None:
    assert fields.fingerprint("a", label="x") == fields.fingerprint("a", label="x")
    assert fields.fingerprint("a", label="x") != fields.fingerprint("a", label="y")
    assert "a" * 4 not in fields.fingerprint("aaaa", label="x")


def test_nobody_can_search_by_an_encrypted_value(application: ApplicationCredential) -> None:
    with pytest.raises((TypeError, FieldError)):
        list(ApplicationCredential.objects.filter(client_secret="canary-secret"))
