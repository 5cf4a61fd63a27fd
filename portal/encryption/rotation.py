"""Key rotation: everything that another key sealed is sealed again with the newest, while all else runs.

One value at a time, by compare-and-swap on its ciphertext: a value that was written meanwhile is never overwritten,
nothing is locked for longer than one update, and the work may be stopped and repeated at any point. Whoever saves a
row as it was read before puts the old ciphertext back, which opens as well; so the places are walked until nothing is
left. In the end everything that the newest key sealed is opened once: only then may other keys go, since somebody may
have replaced a key by another of the same id. What does not open is named and stops nothing.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from portal.audit import log
from portal.encryption import fields
from portal.encryption.fields import DecryptionError
from portal.encryption.places import Place, Value, key_or_unreadable, places

#: Values read at a time, and how often all places are walked at most.
BATCH, WALKS = 200, 5


@dataclass(frozen=True)
class Failure:
    """A value that no key opens: where it is, which key sealed it, and a sentence."""

    model: str
    row: str
    key: str
    problem: str


@dataclass
class Outcome:
    """What a rotation did. ``left`` counts values that other keys still seal; those that ``failed`` are among them or
    are under the newest key and do not open.
    """

    key: str
    resealed: int = 0
    already: int = 0
    left: int = 0
    stopped: bool = False
    failed: list[Failure] = field(default_factory=list)


#: Told the place and how many of its values were looked at, of how many.
Progress = Callable[[str, int, int], None]


def rotate(
    *,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda place, done, total: None,
) -> Outcome:
    """Seal everything with the newest key. ``stop`` is asked after each value, and ends it there."""
    outcome = Outcome(key=fields.key_ids()[0])
    outcome.already = count()[outcome.key]
    for _ in range(WALKS):
        before, outcome.failed = outcome.resealed, []
        for place in places():
            _walk(place, outcome, stop, progress)
        if outcome.stopped or outcome.resealed == before:
            break
    for place in places():
        _prove(place, outcome, stop)
    found = count()
    outcome.left = found.total() - found[outcome.key]
    if outcome.resealed:
        log.record(
            "keys.rotated",
            actor=None,
            key=outcome.key,
            resealed=outcome.resealed,
            failed=len(outcome.failed),
            left=outcome.left,
            stopped=outcome.stopped,
        )
    return outcome


def count() -> Counter[str]:
    """How many values each key has sealed, in all places together."""
    total: Counter[str] = Counter()
    for place in places():
        total.update(place.counts())
    return total


def _walk(place: Place, outcome: Outcome, stop: Callable[[], bool], progress: Progress) -> None:
    if outcome.stopped:
        return
    counts = place.counts()
    total = counts.total() - counts[outcome.key]
    done, after, told = 0, None, time.monotonic()
    while values := place.values(outcome.key, others=True, after=after, limit=BATCH):
        for value in values:
            _reseal(place, value, outcome)
            done, after = done + 1, value.row
            if time.monotonic() - told > 1:
                progress(place.name, done, total)
                told = time.monotonic()
            if stop():
                outcome.stopped = True
                return
    if done:
        progress(place.name, done, total)


def _reseal(place: Place, value: Value, outcome: Outcome) -> None:
    try:
        outcome.resealed += place.reseal(value)
    except DecryptionError as problem:
        outcome.failed.append(_failure(place, value, problem))


def _prove(place: Place, outcome: Outcome, stop: Callable[[], bool]) -> None:
    after = None
    while values := place.values(outcome.key, after=after, limit=BATCH):
        for value in values:
            if outcome.stopped:
                return
            try:
                place.prove(value)
            except DecryptionError as problem:
                outcome.failed.append(_failure(place, value, problem))
            after = value.row
            outcome.stopped = stop()


def _failure(place: Place, value: Value, problem: DecryptionError) -> Failure:
    return Failure(place.name, str(value.row), key_or_unreadable(value.sealed), str(problem))
