"""How each encryption key stands: whether it seals, what it holds, since when it is known, and what to do next."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from portal.encryption import fields, known_keys, rotation
from portal.encryption.models import FirstSeen
from portal.encryption.places import UNREADABLE

#: The system checks of keys bear this tag instead of the database's: a worker says what they find and starts in spite
#: of it, since what was lost for good is mended by connecting again, which needs a worker.
TAG = "keys"


class Stand(StrEnum):
    """What a key is for now."""

    SEALS = "seals"
    OPENS = "opens"
    NEXT = "next"
    UNUSED = "unused"
    MISSING = "missing"


@dataclass(frozen=True)
class KeyState:
    """One key. ``id`` is empty for values that are in no form this version reads, which belong to no key."""

    id: str
    stand: Stand
    values: int
    first_seen: dt.datetime | None


def survey() -> list[KeyState]:
    """Every key that is configured, in order, then those that are missing although values need them."""
    seen = dict(FirstSeen.objects.values_list("key", "at"))
    counts = rotation.count()
    known = fields.key_ids()
    sealing = {process.keys[0] for process in known_keys.running() if process.keys}
    missing = sorted(key for key in counts if key not in known)
    return [
        KeyState(key, _stand(key, known, counts[key] or key in sealing, seen), counts[key], seen.get(key))
        for key in (*known, *missing)
    ]


def _stand(key: str, known: list[str], needed: bool | int, seen: dict[str, dt.datetime]) -> Stand:
    if key not in known:
        return Stand.MISSING
    if key == known[0]:
        return Stand.SEALS
    if needed:
        return Stand.OPENS
    first, this = seen.get(known[0]), seen.get(key)
    # appended after the one that seals: it is on its way to be first
    newer = this is None or (first is not None and this > first)
    return Stand.NEXT if newer else Stand.UNUSED


def missing(states: list[KeyState]) -> list[KeyState]:
    """Those whose values do not open because the key is not configured."""
    return [state for state in states if state.stand == Stand.MISSING and state.id != UNREADABLE]


def next_step(state: KeyState, others: int) -> str:
    """What an operator does about a key. others: how many values the keys beside the first hold."""
    if state.id == UNREADABLE:
        return "These values were damaged: they are in no form that the portal reads. rotate_keys names their rows."
    if state.stand == Stand.MISSING:
        return "Add it to ENCRYPTION_KEYS again, as the last, and restart all processes. Nothing is lost meanwhile."
    if state.stand == Stand.SEALS:
        return "Run manage.py rotate_keys: other keys still seal values." if others else "Nothing to do."
    if state.stand == Stand.OPENS:
        if not state.values:
            return (
                "Keep it: a running process still seals with it. Restart all, then run manage.py rotate_keys."
            )
        return "Keep it. manage.py rotate_keys seals its values with the first key."
    if state.stand == Stand.UNUSED:
        return "Nothing uses it any more: take it out of ENCRYPTION_KEYS and restart all processes."
    waiting = len(known_keys.without(state.id))
    if waiting:
        return f"Restart what does not know it yet: {waiting} of the running processes."
    return (
        "Every process knows it. Move it to the front of ENCRYPTION_KEYS, restart all, then run rotate_keys."
    )
