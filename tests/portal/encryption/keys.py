"""Encryption keys for tests."""

import base64
import os
import uuid
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.encryption import keys
from portal.encryption.cipher import Ciphertext


def entry(key_id: str) -> str:
    """Return a new key in the form it has in ENCRYPTION_KEYS."""
    return f"{key_id}:{base64.b64encode(os.urandom(32)).decode()}"


def put_in_front(settings: Any, key_id: str = "new") -> str:
    """Make a new key the active one, keep the others, and return the previous setting."""
    before: str = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = f"{entry(key_id)},{before}"
    return before


def take_out(settings: Any, key_id: str = "test") -> None:
    """Remove the key of this id from the setting."""
    entries = settings.ENCRYPTION_KEYS.split(",")
    settings.ENCRYPTION_KEYS = ",".join(pair for pair in entries if not pair.startswith(f"{key_id}:"))


def old_ciphertext(plaintext: str, *, label: str, row: uuid.UUID) -> Ciphertext:
    """Encrypt as the first version did: bound to the row, but not to its owner."""
    key_id, key = next(iter(keys.configured().items()))
    nonce = b"n" * 12
    head = bytes([1, len(key_id)]) + key_id.encode()
    return Ciphertext(
        head + nonce + AESGCM(key).encrypt(nonce, plaintext.encode(), label.encode() + b"\0" + row.bytes)
    )
