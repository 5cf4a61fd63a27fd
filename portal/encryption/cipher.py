"""Authenticated encryption of secrets, and fingerprints to compare secrets without decrypting them.

A ciphertext is AES-256-GCM. Its associated data is a fixed label of the model and field plus the row's UUID, so a
ciphertext copied to another row or column can't be decrypted there, while a renamed table still can. It starts with
the id of the key that encrypted it.
"""

import hashlib
import hmac
import os
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.encryption import keys

VERSION = 1
NONCE_BYTES = 12


class DecryptionError(Exception):
    """A stored secret can't be decrypted: its key is missing, or it was moved or altered.

    ``missing_key`` is the id of the key that is not in ``ENCRYPTION_KEYS``, or None if the key is configured. The
    message is for operators; `public_message` is for everybody.
    """

    def __init__(self, message: str, *, missing_key: str | None = None) -> None:
        super().__init__(message)
        self.missing_key = missing_key

    @property
    def public_message(self) -> str:
        """A message that doesn't name the key."""
        if self.missing_key is None:
            return "A stored secret was altered or moved, so it can't be decrypted. An operator must enter it again."
        return (
            "A stored secret can't be decrypted because its encryption key is missing. Nothing is lost: work can resume "
            "when an operator adds the key."
        )


class Ciphertext(bytes):
    """A ciphertext as stored in the database. Its repr shows nothing."""

    def __repr__(self) -> str:
        return "<encrypted>"

    __str__ = __repr__


def encrypt(plaintext: str, *, label: str, row: uuid.UUID) -> Ciphertext:
    """Encrypt ``plaintext`` with the active key, for the field with ``label`` in the row with this primary key."""
    key_id, key = next(iter(keys.configured().items()))
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, plaintext.encode(), _associated_data(label, row))
    return Ciphertext(header(key_id) + nonce + ciphertext)


def decrypt(ciphertext: bytes, *, label: str, row: uuid.UUID) -> str:
    """Decrypt what `encrypt` returned for the same field and row. Raise DecryptionError."""
    key_id, nonce, rest = _split(ciphertext)
    key = keys.configured().get(key_id)
    if key is None:
        raise DecryptionError(
            f"A stored secret was encrypted with key “{key_id}”, which is not in ENCRYPTION_KEYS. Add it.",
            missing_key=key_id,
        )
    try:
        return AESGCM(key).decrypt(nonce, rest, _associated_data(label, row)).decode()
    except InvalidTag:
        raise DecryptionError("A stored secret was altered, or it belongs to another row.") from None


def key_id_of(ciphertext: bytes) -> str:
    """Return the id of the key that encrypted ``ciphertext``. Its header is enough. Raise DecryptionError."""
    data = bytes(ciphertext)
    if len(data) < 2 or data[0] != VERSION or len(data) < 2 + data[1]:
        raise DecryptionError("A stored secret has an unknown format.")
    return data[2 : 2 + data[1]].decode(errors="replace")


def header(key_id: str) -> bytes:
    """Return the first bytes of every ciphertext of this key: version, length of the key's id, and the id."""
    encoded = key_id.encode()
    return bytes([VERSION, len(encoded)]) + encoded


def _split(ciphertext: bytes) -> tuple[str, bytes, bytes]:
    data = bytes(ciphertext)
    if len(data) < 2 + NONCE_BYTES or data[0] != VERSION:
        raise DecryptionError("A stored secret has an unknown format.")
    end = 2 + data[1]
    return data[2:end].decode(errors="replace"), data[end : end + NONCE_BYTES], data[end + NONCE_BYTES :]


def _associated_data(label: str, row: uuid.UUID) -> bytes:
    return label.encode() + b"\0" + row.bytes


def fingerprint(value: str, *, label: str) -> str:
    """Return an HMAC of ``value`` (64 hex digits), by which rows with equal values can be found.

    ``FINGERPRINT_KEY`` never rotates: with another key, no stored fingerprint would match.
    """
    key = settings.FINGERPRINT_KEY.encode()
    return hmac.new(key, label.encode() + b"\0" + value.encode(), hashlib.sha256).hexdigest()
