"""Secrets at rest: the encrypted field, its keys, and fingerprints for comparing what nobody may read.

A value is sealed with AES-256-GCM. The associated data is a fixed label of model and field plus the row's UUID, so a
ciphertext copied to another row or column does not open, while a renamed table still does. Every ciphertext names the
key that sealed it; the first key of ``ENCRYPTION_KEYS`` seals, all of them open.
"""

import base64
import binascii
import hashlib
import hmac
import os
import uuid
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.query_utils import DeferredAttribute

VERSION = 1
NONCE_BYTES = 12
KEY_BYTES = 32


class DecryptionError(Exception):
    """A stored secret does not open: its key is missing, or it was moved or altered. Says which, never what.

    ``missing`` is the id of the key that is not in ``ENCRYPTION_KEYS``; None when the key is there.
    """

    def __init__(self, sentence: str, *, missing: str | None = None) -> None:
        super().__init__(sentence)
        self.missing = missing

    @property
    def told(self) -> str:
        """What anybody may read: what it means and who mends it, without the key's id."""
        if self.missing is None:
            return "A stored secret was altered or moved, so it does not open any more. An operator enters it again."
        return (
            "A stored secret does not open, because its encryption key is missing. Nothing is lost: an operator adds "
            "the key, and it goes on from there."
        )


class Ciphertext(bytes):
    """A ciphertext as it is stored. Its repr shows nothing."""

    def __repr__(self) -> str:
        return "<sealed>"

    __str__ = __repr__


def parse_keys(text: str) -> dict[str, bytes]:
    """Read ``ENCRYPTION_KEYS``: ``id:base64`` pairs separated by commas, the sealing key first.

    Raises ImproperlyConfigured with a sentence that shows no part of any key.
    """
    keys: dict[str, bytes] = {}
    for number, pair in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        name, colon, encoded = pair.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not colon or not name.isascii() or not 1 <= len(name) <= 32 or len(key) != KEY_BYTES:
            raise ImproperlyConfigured(
                f"ENCRYPTION_KEYS: entry {number} is not of the form id:key with a base64 key of 32 bytes. "
                "Make one with `manage.py make_keys`."
            )
        if name in keys:
            raise ImproperlyConfigured(
                f"ENCRYPTION_KEYS: entry {number} has the id of an earlier one, so what one of them sealed would not open. "
                "The id of a key that is in use never changes; make another with `manage.py make_keys`."
            )
        keys[name] = key
    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty. Make a key with `manage.py make_keys`.")
    return keys


@lru_cache(maxsize=4)
def _keys(text: str) -> dict[str, bytes]:
    return parse_keys(text)


def key_ids() -> list[str]:
    """The ids of the keys in ``ENCRYPTION_KEYS``, in their order: the first one seals."""
    return list(_keys(settings.ENCRYPTION_KEYS))


def key_marks() -> dict[str, str]:
    """What tells two keys of one id apart without telling either: an HMAC by each key, 16 hex digits, by its id."""
    keys = _keys(settings.ENCRYPTION_KEYS).items()
    return {name: hmac.new(key, b"which key is this", hashlib.sha256).hexdigest()[:16] for name, key in keys}


def encrypt(plaintext: str, *, label: str, row: uuid.UUID) -> Ciphertext:
    """Encrypt ``plaintext`` for one field (``label``) of one ``row`` under the newest key."""
    name, key = next(iter(_keys(settings.ENCRYPTION_KEYS).items()))
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, plaintext.encode(), _associated(label, row))
    return Ciphertext(head(name) + nonce + ciphertext)


def decrypt(sealed: bytes, *, label: str, row: uuid.UUID) -> str:
    """Decrypt what `encrypt` made for the same field and row. Raises CannotOpen."""
    name, nonce, ciphertext = _parts(sealed)
    key = _keys(settings.ENCRYPTION_KEYS).get(name)
    if key is None:
        raise DecryptionError(
            f"A stored secret was sealed with key “{name}”, which is not in ENCRYPTION_KEYS. Add it.",
            missing=name,
        )
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _associated(label, row)).decode()
    except InvalidTag:
        raise DecryptionError("A stored secret does not belong to its row, or was altered.") from None


def key_id_of(sealed: bytes) -> str:
    """The id of the key that sealed this; its first bytes are enough. Raises CannotOpen."""
    data = bytes(sealed)
    if len(data) < 2 or data[0] != VERSION or len(data) < 2 + data[1]:
        raise DecryptionError("A stored secret is not in a form this version reads.")
    return data[2 : 2 + data[1]].decode(errors="replace")


def head(key: str) -> bytes:
    """How everything begins that ``key`` sealed: version, the length of the key's id, and the id."""
    encoded = key.encode()
    return bytes([VERSION, len(encoded)]) + encoded


def _parts(sealed: bytes) -> tuple[str, bytes, bytes]:
    data = bytes(sealed)
    if len(data) < 2 + NONCE_BYTES or data[0] != VERSION:
        raise DecryptionError("A stored secret is not in a form this version reads.")
    end = 2 + data[1]
    return data[2:end].decode(errors="replace"), data[end : end + NONCE_BYTES], data[end + NONCE_BYTES :]


def _associated(label: str, row: uuid.UUID) -> bytes:
    return label.encode() + b"\0" + row.bytes


def fingerprint(value: str, *, label: str) -> str:
    """An HMAC of ``value`` by which equal values can be found without being readable: 64 hex digits.

    ``FINGERPRINT_KEY`` never rotates: another key would make every stored fingerprint useless.
    """
    key = settings.FINGERPRINT_KEY.encode()
    return hmac.new(key, label.encode() + b"\0" + value.encode(), hashlib.sha256).hexdigest()


class _SealedAttribute(DeferredAttribute):
    """Keeps the ciphertext on the instance; opens it at each read and seals at each assignment."""

    field: "EncryptedField"

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        return self.field.open(instance, value) if isinstance(value, Ciphertext) else value

    def __set__(self, instance: models.Model, value: str | Ciphertext | None) -> None:
        if isinstance(value, str):
            value = encrypt(value, label=self.field.label, row=instance.pk)
        instance.__dict__[self.field.attname] = value


class EncryptedField(models.BinaryField):  # type: ignore[type-arg]
    """Text that is stored sealed. The model needs a UUID primary key, declared before this field.

    ``label`` is part of what is authenticated: choose it once and never change it.
    """

    descriptor_class = _SealedAttribute

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        self.label = label
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "label": self.label}

    def open(self, instance: models.Model, sealed: Ciphertext) -> str:
        return decrypt(sealed, label=self.label, row=instance.pk)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Ciphertext | None:
        return None if value is None else Ciphertext(bytes(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return model_instance.__dict__.get(self.attname)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not isinstance(value, Ciphertext):
            raise TypeError(
                f"{self.name} takes sealed values only: assign to the row, or use portal.encryption.fields.encrypt()."
            )
        return super().get_db_prep_value(None if value is None else bytes(value), connection, prepared)

    def value_to_string(self, obj: models.Model) -> str:
        sealed = obj.__dict__.get(self.attname)
        return "" if sealed is None else base64.b64encode(bytes(sealed)).decode()
