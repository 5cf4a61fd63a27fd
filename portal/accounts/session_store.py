"""Sessions that are useless to somebody who reads the database.

The browser's cookie holds the key of a session. The database holds only its hash, so nobody can take over a session with
what is stored, and the data is encrypted under a key derived from SECRET_KEY and bound to its row. A session key from
a cookie is a plain string and is always hashed. One that was read from the database is a `StoredKey` and never is.
"""

import base64
import hashlib
import os
from typing import Any

from allauth.core import context
from allauth.usersessions.models import UserSession
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.db import models
from django.utils.crypto import salted_hmac

NONCE_BYTES = 12
#: The columns of Django and allauth have room for 40 characters: 160 bits of SHA-256.
KEY_LENGTH = 40


class StoredKey(str):
    """The hash of a session key, as the database holds it."""

    __slots__ = ()


def stored(key: str) -> StoredKey:
    """Return what the database holds for a session key."""
    if isinstance(key, StoredKey):
        return key
    return StoredKey(hashlib.sha256(key.encode(errors="replace")).hexdigest()[:KEY_LENGTH])


class SessionKeyField(models.CharField):  # type: ignore[type-arg]
    """A column of session keys, which stores their hashes."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else str(stored(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> StoredKey | None:
        return None if value is None else StoredKey(value)

    def deconstruct(self) -> Any:
        """Return a plain column: migrations of Django and allauth know no other."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class SessionStore(DatabaseSessionStore):
    """Django's sessions in the database, with encrypted data."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        nonce = os.urandom(NONCE_BYTES)
        data = super().encode(session_dict).encode()
        return base64.b64encode(nonce + _cipher().encrypt(nonce, data, self._row())).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Return the data of a session. It is empty if the data was altered, moved, or encrypted with another key."""
        try:
            data = base64.b64decode(session_data, validate=True)
            decrypted = _cipher().decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], self._row())
        except (ValueError, InvalidTag):
            return {}
        found: dict[str, Any] = super().decode(decrypted.decode())
        return found

    def _row(self) -> bytes:
        assert self.session_key is not None
        return stored(self.session_key).encode()


def _cipher() -> AESGCM:
    return AESGCM(salted_hmac("portal.accounts.session_store", "data", algorithm="sha256").digest())


def _is_current(session: UserSession) -> bool:
    """Return whether a session is that of the request which allauth's middleware is handling."""
    key = context.request.session.session_key
    return key is not None and stored(session.session_key) == stored(key)


def hash_stored_keys() -> None:
    """Make the two columns that hold session keys store hashes. Call this once, when all models are loaded."""
    for model in (Session, UserSession):
        model._meta.get_field("session_key").__class__ = SessionKeyField
    UserSession.is_current = _is_current
