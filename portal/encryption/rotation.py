"""Key rotation: re-encrypt everything that other keys have encrypted with the active key, while the portal runs.

Each value is replaced by compare-and-swap on its ciphertext, so a value written in the meantime is never overwritten,
nothing is locked for longer than one update, and a rotation can be stopped and repeated at any point. A process that
saves a row it read earlier puts the old ciphertext back, so the stores are scanned until nothing is left.

Finally every value under the active key is decrypted once. Somebody may have replaced a key with another one of the
same id, and only this shows whether the other keys can be removed. Values that can't be decrypted are reported and
don't stop a rotation.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from portal.audit import log
from portal.encryption import keys
from portal.encryption.cipher import DecryptionError
from portal.encryption.stores import EncryptedStore, EncryptedValue, all_stores, key_id_or_unreadable

#: Values read at a time.
BATCH = 200
#: Scans of all stores at most.
MAX_SCANS = 5


@dataclass(frozen=True)
class Failure:
    """A value that can't be decrypted: its store, its row's primary key, its key's id, and the error message."""

    store: str
    row: str
    key: str
    problem: str


@dataclass
class Outcome:
    """What a rotation did. All but ``key`` (the active key's id), ``stopped`` and ``failed`` count values.

    ``already_current`` were under the active key before. ``left`` are still under other keys, among them those that
    failed; values under the active key can fail, too.
    """

    key: str
    reencrypted: int = 0
    already_current: int = 0
    left: int = 0
    stopped: bool = False
    failed: list[Failure] = field(default_factory=list)


#: Called with a store's name, the values processed so far, and their total.
Progress = Callable[[str, int, int], None]


def rotate(
    *,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda store, done, total: None,
) -> Outcome:
    """Re-encrypt everything with the active key. Ends early once ``stop()``, called after each value, is true."""
    outcome = Outcome(key=keys.ids()[0])
    outcome.already_current = count()[outcome.key]
    for _ in range(MAX_SCANS):
        before, outcome.failed = outcome.reencrypted, []
        for store in all_stores():
            _scan(store, outcome, stop, progress)
        if outcome.stopped or outcome.reencrypted == before:
            break
    for store in all_stores():
        _verify(store, outcome, stop)
    found = count()
    outcome.left = found.total() - found[outcome.key]
    if outcome.reencrypted:
        log.record(
            "keys.rotated",
            actor=None,
            key=outcome.key,
            reencrypted=outcome.reencrypted,
            failed=len(outcome.failed),
            left=outcome.left,
            stopped=outcome.stopped,
        )
    return outcome


def count() -> Counter[str]:
    """Return how many values each key has encrypted in all stores together, by key id."""
    total: Counter[str] = Counter()
    for store in all_stores():
        total.update(store.counts())
    return total


def _scan(store: EncryptedStore, outcome: Outcome, stop: Callable[[], bool], progress: Progress) -> None:
    if outcome.stopped:
        return
    counts = store.counts()
    total = counts.total() - counts[outcome.key]
    done, after, reported_at = 0, None, time.monotonic()
    while values := store.values(outcome.key, others=True, after=after, limit=BATCH):
        for value in values:
            _reencrypt(store, value, outcome)
            done, after = done + 1, value.row
            if time.monotonic() - reported_at > 1:
                progress(store.name, done, total)
                reported_at = time.monotonic()
            if stop():
                outcome.stopped = True
                return
    if done:
        progress(store.name, done, total)


def _reencrypt(store: EncryptedStore, value: EncryptedValue, outcome: Outcome) -> None:
    try:
        outcome.reencrypted += store.reencrypt(value)
    except DecryptionError as error:
        outcome.failed.append(_failure(store, value, error))


def _verify(store: EncryptedStore, outcome: Outcome, stop: Callable[[], bool]) -> None:
    after = None
    while values := store.values(outcome.key, after=after, limit=BATCH):
        for value in values:
            if outcome.stopped:
                return
            try:
                store.verify(value)
            except DecryptionError as error:
                outcome.failed.append(_failure(store, value, error))
            after = value.row
            outcome.stopped = stop()


def _failure(store: EncryptedStore, value: EncryptedValue, error: DecryptionError) -> Failure:
    return Failure(store.name, str(value.row), key_id_or_unreadable(value.ciphertext), str(error))
