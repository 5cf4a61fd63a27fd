"""Encryption keys for tests."""

import base64
import os
from typing import Any


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
