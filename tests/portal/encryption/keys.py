"""Encryption keys for tests: new ones, put in front of the one that is there."""

import base64
import os
from typing import Any


def entry(name: str) -> str:
    """A fresh key as it stands in ENCRYPTION_KEYS."""
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}"


def put_in_front(settings: Any, name: str = "new") -> str:
    """A new key seals from now on, and the earlier ones still open. Answers the earlier setting."""
    before: str = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = f"{entry(name)},{before}"
    return before


def take_out(settings: Any, name: str = "test") -> None:
    """The key of this id is not configured any more."""
    entries = settings.ENCRYPTION_KEYS.split(",")
    settings.ENCRYPTION_KEYS = ",".join(pair for pair in entries if not pair.startswith(f"{name}:"))
