"""The status of each encryption key: what it is used for, how many values it holds, and what to do next."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from portal.encryption import keys, known_keys, rotation
from portal.encryption.models import FirstSeen
from portal.encryption.stores import UNREADABLE


class KeyState(StrEnum):
    """What a key is used for now."""

    ACTIVE = "active"
    DECRYPT_ONLY = "decrypt_only"
    NEXT = "next"
    UNUSED = "unused"
    MISSING = "missing"


@dataclass(frozen=True)
class KeyStatus:
    """One key. ``id`` is `UNREADABLE` for values in an unknown format, which belong to no key."""

    id: str
    state: KeyState
    values: int
    first_seen: dt.datetime | None


def survey() -> list[KeyStatus]:
    """Return the status of every configured key, in order, then of missing keys that stored values need."""
    seen = dict(FirstSeen.objects.values_list("key", "at"))
    counts = rotation.count()
    configured = keys.ids()
    in_use = {process.keys[0] for process in known_keys.running() if process.keys} | set(+counts)
    missing = sorted(key_id for key_id in counts if key_id not in configured)
    return [
        KeyStatus(
            key_id, _state(key_id, configured, key_id in in_use, seen), counts[key_id], seen.get(key_id)
        )
        for key_id in (*configured, *missing)
    ]


def _state(key_id: str, configured: list[str], is_in_use: bool, seen: dict[str, dt.datetime]) -> KeyState:
    if key_id not in configured:
        return KeyState.MISSING
    if key_id == configured[0]:
        return KeyState.ACTIVE
    if is_in_use:
        return KeyState.DECRYPT_ONLY
    active_since, since = seen.get(configured[0]), seen.get(key_id)
    # newer than the active key: appended in order to replace it
    is_newer = since is None or (active_since is not None and since > active_since)
    return KeyState.NEXT if is_newer else KeyState.UNUSED


def missing(statuses: list[KeyStatus]) -> list[KeyStatus]:
    """Return those keys that stored values need but that are not configured."""
    return [status for status in statuses if status.state == KeyState.MISSING and status.id != UNREADABLE]


def next_step(status: KeyStatus, others: int) -> str:
    """Return what an operator should do about a key. ``others`` counts the values of all keys but the first."""
    if status.id == UNREADABLE:
        return "These values are damaged and can't be decrypted. manage.py rotate_keys lists their rows."
    if status.state == KeyState.MISSING:
        return "Add this key to the end of ENCRYPTION_KEYS and restart all processes. No data is lost."
    if status.state == KeyState.ACTIVE:
        return (
            "Run manage.py rotate_keys to re-encrypt the values of the other keys."
            if others
            else "Nothing to do."
        )
    if status.state == KeyState.DECRYPT_ONLY:
        if not status.values:
            return (
                "Keep this key: a running process still encrypts with it. Restart all processes, then run "
                "manage.py rotate_keys."
            )
        return "Keep this key until manage.py rotate_keys has re-encrypted its values."
    if status.state == KeyState.UNUSED:
        return "No longer used. Remove this key from ENCRYPTION_KEYS and restart all processes."
    waiting = len(known_keys.processes_without(status.id))
    if waiting:
        return f"{waiting} running process{'' if waiting == 1 else 'es'} can't use this key yet. Restart all processes."
    return (
        "Every process knows this key. Move it to the front of ENCRYPTION_KEYS, restart all processes, then run "
        "manage.py rotate_keys."
    )
