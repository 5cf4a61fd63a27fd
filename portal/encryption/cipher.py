"""Authenticated encryption of secrets, and fingerprints to compare secrets without decrypting them.

A ciphertext is AES-256-GCM. Its associated data is a fixed label of the model and field, the row's UUID, and the key of the
row's owner, such as the connection of a token. A ciphertext copied to another row or column, or whose row is given to
another owner, can't be decrypted, while one in a renamed table still can. It starts with a version and the id of the key
that encrypted it. Version 1 did not name the owner. It can still be read, and `rotate_keys` replaces it.
"""

import hashlib
import hmac
import os
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.encryption import keys

VERSION = 2
#: The version whose associated data does not name the owner.
WITHOUT_OWNER = 1
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


def encrypt(plaintext: str, *, label: str, row: uuid.UUID, owner: str = "") -> Ciphertext:
    """Encrypt ``plaintext`` with the active key, for the field with ``label`` in the row with this primary key.

    ``owner`` is the primary key of the row that this row belongs to, or "" if it belongs to none.
    """
    key_id, key = next(iter(keys.configured().items()))
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, plaintext.encode(), _associated_data(label, row, owner))
    return Ciphertext(header(key_id) + nonce + ciphertext)


def decrypt(ciphertext: bytes, *, label: str, row: uuid.UUID, owner: str = "") -> str:
    """Decrypt what `encrypt` returned for the same field, row and owner. Raise DecryptionError."""
    key_id, nonce, rest = _split(ciphertext)
    key = keys.configured().get(key_id)
    if key is None:
        raise DecryptionError(
            f"A stored secret was encrypted with key “{key_id}”, which is not in ENCRYPTION_KEYS. Add it.",
            missing_key=key_id,
        )
    is_old = bytes(ciphertext)[0] == WITHOUT_OWNER
    associated_data = _associated_data(label, row, None if is_old else owner)
    try:
        return AESGCM(key).decrypt(nonce, rest, associated_data).decode()
    except InvalidTag:
        raise DecryptionError("A stored secret was altered, or it belongs to another row.") from None


def key_id_of(ciphertext: bytes) -> str:
    """Return the id of the key that encrypted ``ciphertext``. Its header is enough. Raise DecryptionError."""
    data = bytes(ciphertext)
    if len(data) < 2 or data[0] not in (WITHOUT_OWNER, VERSION) or len(data) < 2 + data[1]:
        raise DecryptionError("A stored secret has an unknown format.")
    return data[2 : 2 + data[1]].decode(errors="replace")


def header(key_id: str) -> bytes:
    """Return the first bytes of what `encrypt` returns with this key: version, length of the key's id, and the id."""
    encoded = key_id.encode()
    return bytes([VERSION, len(encoded)]) + encoded


def _split(ciphertext: bytes) -> tuple[str, bytes, bytes]:
    data = bytes(ciphertext)
    if len(data) < 2 + NONCE_BYTES or data[0] not in (WITHOUT_OWNER, VERSION):
        raise DecryptionError("A stored secret has an unknown format.")
    end = 2 + data[1]
    return data[2:end].decode(errors="replace"), data[end : end + NONCE_BYTES], data[end + NONCE_BYTES :]


def _associated_data(label: str, row: uuid.UUID, owner: str | None) -> bytes:
    named = b"" if owner is None else b"\0" + owner.encode()
    return label.encode() + b"\0" + row.bytes + named


def fingerprint(value: str, *, label: str) -> str:
    """Return an HMAC of ``value`` (64 hex digits), by which rows with equal values can be found.

    ``FINGERPRINT_KEY`` never rotates: with another key, no stored fingerprint would match.
    """
    key = settings.FINGERPRINT_KEY.encode()
    return hmac.new(key, label.encode() + b"\0" + value.encode(), hashlib.sha256).hexdigest()
