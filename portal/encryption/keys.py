"""The encryption keys of ``ENCRYPTION_KEYS``: ``id:base64`` pairs, newest first.

The first key, the active one, encrypts. All of them decrypt.
"""

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
#: The longest key id. It is stored with every ciphertext.
ID_LENGTH = 32


def parse_keys(text: str) -> dict[str, bytes]:
    """Parse ``ENCRYPTION_KEYS`` into keys by id, in order.

    Raise ImproperlyConfigured with a message that contains no part of any key.
    """
    keys: dict[str, bytes] = {}
    for number, pair in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        key_id, colon, encoded = pair.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not colon or not key_id.isascii() or not 1 <= len(key_id) <= ID_LENGTH or len(key) != KEY_BYTES:
            raise ImproperlyConfigured(
                f"ENCRYPTION_KEYS: entry {number} must have the form id:key, where the key is 32 bytes in base64. "
                "Create a key with `manage.py make_keys`."
            )
        if key_id in keys:
            raise ImproperlyConfigured(
                f"ENCRYPTION_KEYS: entry {number} has the same id as an earlier entry. Ids must be unique, and the id of "
                "a key in use must not change. Create another key with `manage.py make_keys`."
            )
        keys[key_id] = key
    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty. Create a key with `manage.py make_keys`.")
    return keys


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, bytes]:
    return parse_keys(text)


def configured() -> dict[str, bytes]:
    """Return the configured keys by id, the active one first. Raise ImproperlyConfigured."""
    return _parsed(settings.ENCRYPTION_KEYS)


def ids() -> list[str]:
    """Return the ids of the configured keys, the active one first."""
    return list(configured())


def check_values() -> dict[str, str]:
    """Return a key check value for each configured key: 16 hex digits that identify the key without revealing it.

    Two processes may have been given different keys under the same id. Their check values differ.
    """
    return {
        key_id: hmac.new(key, b"which key is this", hashlib.sha256).hexdigest()[:16]
        for key_id, key in configured().items()
    }
