"""Encrypting, decrypting and fingerprinting secrets."""

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.encryption import cipher
from portal.encryption.cipher import DecryptionError
from tests.portal.encryption.keys import entry, old_ciphertext

ROW, OTHER = uuid.uuid4(), uuid.uuid4()


@given(st.text())
def test_an_encrypted_text_can_be_decrypted(text: str) -> None:
    assert cipher.decrypt(cipher.encrypt(text, label="a", row=ROW), label="a", row=ROW) == text


def test_a_ciphertext_copied_to_another_row_or_field_cannot_be_decrypted() -> None:
    ciphertext = cipher.encrypt("secret", label="a", row=ROW)
    for label, row in (("a", OTHER), ("b", ROW)):
        with pytest.raises(DecryptionError):
            cipher.decrypt(ciphertext, label=label, row=row)


@given(st.binary(max_size=80))
def test_bytes_that_are_no_ciphertext_raise_a_decryption_error(data: bytes) -> None:
    with pytest.raises(DecryptionError):
        cipher.decrypt(data, label="a", row=ROW)


def test_an_altered_ciphertext_cannot_be_decrypted() -> None:
    ciphertext = bytearray(cipher.encrypt("secret", label="a", row=ROW))
    ciphertext[-1] ^= 1
    with pytest.raises(DecryptionError):
        cipher.decrypt(bytes(ciphertext), label="a", row=ROW)


def test_the_first_key_encrypts_and_the_others_still_decrypt(settings: Any) -> None:
    old, new = entry("old"), entry("new")
    settings.ENCRYPTION_KEYS = old
    ciphertext = cipher.encrypt("secret", label="a", row=ROW)
    settings.ENCRYPTION_KEYS = f"{new},{old}"
    assert cipher.decrypt(ciphertext, label="a", row=ROW) == "secret"
    assert cipher.key_id_of(ciphertext) == "old"
    assert cipher.key_id_of(cipher.encrypt("secret", label="a", row=ROW)) == "new"


def test_the_error_names_a_missing_key_to_operators_only(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = entry("old")
    ciphertext = cipher.encrypt("secret", label="a", row=ROW)
    settings.ENCRYPTION_KEYS = entry("new")
    with pytest.raises(DecryptionError, match="“old”, which is not in ENCRYPTION_KEYS") as error:
        cipher.decrypt(ciphertext, label="a", row=ROW)
    assert error.value.missing_key == "old"
    assert "key is missing" in error.value.public_message and "old" not in error.value.public_message


def test_the_error_about_an_altered_secret_does_not_blame_a_key() -> None:
    error = DecryptionError("It belongs to another row.")
    assert "altered or moved" in error.public_message and "key" not in error.public_message


def test_equal_values_have_equal_fingerprints_under_the_same_label_only() -> None:
    assert cipher.fingerprint("a", label="x") == cipher.fingerprint("a", label="x")
    assert cipher.fingerprint("a", label="x") != cipher.fingerprint("a", label="y")
    assert "a" * 4 not in cipher.fingerprint("aaaa", label="x")


def test_a_ciphertext_names_the_owner_of_its_row() -> None:
    ciphertext = cipher.encrypt("secret", label="a", row=ROW, owner="1")
    assert cipher.decrypt(ciphertext, label="a", row=ROW, owner="1") == "secret"
    for owner in ("", "2", "11", "1\0"):
        with pytest.raises(DecryptionError):
            cipher.decrypt(ciphertext, label="a", row=ROW, owner=owner)


def test_a_ciphertext_without_an_owner_can_still_be_read() -> None:
    old = old_ciphertext("secret", label="a", row=ROW)
    assert cipher.decrypt(old, label="a", row=ROW, owner="1") == "secret"
    assert cipher.key_id_of(old) == "test"
    newer = bytes([cipher.VERSION]) + bytes(old)[1:]
    for altered, row in ((newer, ROW), (old, OTHER)):
        with pytest.raises(DecryptionError):
            cipher.decrypt(altered, label="a", row=row, owner="1")
