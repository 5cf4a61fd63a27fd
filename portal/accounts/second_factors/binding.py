"""Binds the encrypted secret of a second factor to its user and kind, so it is of no use in another row.

allauth encrypts a secret before it says whose it is, and decrypts it without saying where it comes from. So a secret is
bound when its row is saved, and checked when its row is loaded.
"""

import base64
import uuid
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models.signals import post_init, pre_save
from django.dispatch import receiver

from portal.accounts.second_factors.adapter import MFAAdapter
from portal.encryption import cipher

#: The name of the encrypted text in ``data``. Passkeys have none: a public key is no secret.
NAMES = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
#: The id in front of each ciphertext (`MFAAdapter.encrypt`).
ID_BYTES = 16
#: Put in front of a secret that belongs to another row. It is not base64, so decryption fails.
MOVED = "!"
NAMESPACE = uuid.UUID("6f2b3a5e-53a4-4c83-9f6d-2f1a5f0c9d11")


def id_of(authenticator: Authenticator) -> uuid.UUID:
    """Return the id that the secret of an authenticator is bound to."""
    return uuid.uuid5(NAMESPACE, f"{authenticator.user_id} {authenticator.type}")


@receiver(pre_save, sender=Authenticator)
def bind(sender: object, instance: Authenticator, update_fields: Any = None, **_: object) -> None:
    """Encrypt a new secret for its row. Raise DecryptionError if it belongs to another one."""
    text = _secret(instance)
    if text is None or (update_fields is not None and "data" not in update_fields):
        return
    if _id_in(text) != id_of(instance).bytes:
        adapter = MFAAdapter()
        instance.data[NAMES[instance.type]] = adapter.encrypt(adapter.decrypt(text), id_of(instance))


@receiver(post_init, sender=Authenticator)
def check(sender: object, instance: Authenticator, **_: object) -> None:
    """Make the secret of a loaded row unreadable if it belongs to another one."""
    text = None if instance.pk is None or "data" in instance.get_deferred_fields() else _secret(instance)
    if text is not None and _is_bound(text) and _id_in(text) != id_of(instance).bytes:
        instance.data = {**instance.data, NAMES[instance.type]: MOVED + text}


def _secret(instance: Authenticator) -> str | None:
    name = NAMES.get(instance.type)
    text = instance.data.get(name) if name and isinstance(instance.data, dict) else None
    return text if isinstance(text, str) else None


def _id_in(text: str) -> bytes:
    return _decoded(text)[:ID_BYTES]


def _is_bound(text: str) -> bool:
    """Return whether a secret was encrypted since secrets are bound to their row."""
    return _decoded(text)[ID_BYTES : ID_BYTES + 1] == bytes([cipher.VERSION])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
