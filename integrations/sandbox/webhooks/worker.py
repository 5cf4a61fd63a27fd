"""The sending of webhook deliveries: at least once, in rounds, with repeats, gaps and disorder on request."""

from __future__ import annotations

import http.client
import random
import sqlite3
import threading
import traceback
from collections.abc import Callable
from typing import Any

from ..engine.clock import Clock
from ..engine.responses import Refusal
from ..engine.storage.database import Store, get_meta, set_meta
from . import deliveries
from .deliveries import DELIVERED, DROPPED, FAILED, PENDING, REFUSED, Delivery
from .http_post import may_be_called, post

Send = Callable[[str, bytes], int]
"""Posts a JSON body to an address and returns the status of the answer. Raises `OSError`,
`HTTPException`, or `ValueError` for an address that is none."""

ATTEMPTS = 8
_META = "webhooks"
_DEFAULTS: dict[str, Any] = {"repeat": 0, "drop_rate": 0.0, "shuffle": False, "hold": False}
_MOST_REPEATS = 100
_PAUSE = 1.0


class Deliverer:
    """Sends what the queue holds, when asked to (`deliver`) or by itself (`start`)."""

    def __init__(self, store: Store, clock: Clock, *, remote: bool, send: Send = post) -> None:
        self._store = store
        self._clock = clock
        self._remote = remote
        self._send = send
        self._random = random.Random()
        self._one_at_a_time = threading.Lock()
        self._awake = threading.Event()
        self.settings = dict(_DEFAULTS)

    def load(self, connection: sqlite3.Connection, *, seed: int) -> None:
        """Take over the settings that the file holds. Chance begins anew."""
        self._random.seed(seed)
        self.settings = {**_DEFAULTS, **get_meta(connection, _META, {})}

    def change(self, connection: sqlite3.Connection, asked: Any) -> None:
        """Change some settings and keep them. Raises `Refusal` (422) where one makes no sense."""
        _check(asked)
        self.settings = {**self.settings, **asked}
        set_meta(connection, _META, self.settings)

    def start(self) -> None:
        """Send from now on whatever comes, in a thread of its own, until the process ends."""
        threading.Thread(target=self._run, name="webhook-deliveries", daemon=True).start()

    def wake(self) -> None:
        """There may be something to send."""
        self._awake.set()

    def _run(self) -> None:
        while True:
            try:
                self.deliver(everything=False)
            except Exception:
                # Whoever runs the emulator must see its defects, and the next round may do better.
                traceback.print_exc()
            self._awake.wait(_PAUSE)
            self._awake.clear()

    def deliver(self, *, everything: bool) -> int:
        """One round over what is due, or over `everything` that waits, held or not. Returns how many messages
        were sent.
        """
        with self._one_at_a_time:
            if self.settings["hold"] and not everything:
                return 0
            with self._store.read() as connection:
                numbers = deliveries.pending(connection, None if everything else self._clock.now())
            return self._round(numbers, everything=everything) if numbers else 0

    def _round(self, numbers: list[int], *, everything: bool) -> int:
        settings = self.settings
        messages = [number for number in numbers for _ in range(1 + settings["repeat"])]
        if settings["shuffle"]:
            self._random.shuffle(messages)
        left = dict.fromkeys(numbers, 1 + settings["repeat"])
        given_up: set[int] = set()
        unreachable: set[str] = set()
        sent = 0
        for number in messages:
            if self.settings["hold"] and not everything:
                break
            left[number] -= 1
            if number in given_up:
                continue
            with self._store.read() as connection:
                delivery = deliveries.load(connection, number)
            if delivery is None or delivery.url in unreachable:
                continue
            sent += self._one(delivery, left[number] == 0, given_up, unreachable)
        return sent

    def _one(self, delivery: Delivery, last: bool, given_up: set[int], unreachable: set[str]) -> int:
        """Send one message and enter how it went. Returns how many were sent: 1 or 0."""
        if not self._remote and not may_be_called(delivery.url):
            error = "Only addresses of this machine are called; --remote-webhooks allows others"
            self._note(delivery, REFUSED, error=error)
            return 0
        if self._random.random() < self.settings["drop_rate"]:
            given_up.add(delivery.seq)
            self._note(delivery, DROPPED)
            return 0
        try:
            answered = self._send(delivery.url, delivery.body())
        except (OSError, http.client.HTTPException, ValueError) as error:
            unreachable.add(delivery.url)
            self._failed(delivery, error=f"No answer ({type(error).__name__})")
            return 1
        if 200 <= answered < 300:
            self._note(delivery, DELIVERED if last else PENDING, sent=1, answered=answered)
        else:
            given_up.add(delivery.seq)
            self._failed(delivery, answered=answered)
        return 1

    def _failed(self, delivery: Delivery, *, answered: int | None = None, error: str | None = None) -> None:
        over = delivery.attempts + 1 >= ATTEMPTS
        due = self._clock.now() + 2.0 ** min(delivery.attempts, 6)
        self._note(delivery, FAILED if over else PENDING, due=due, sent=1, answered=answered, error=error)

    def _note(self, delivery: Delivery, status: str, **details: Any) -> None:
        with self._store.write() as connection:
            deliveries.note(connection, delivery, status=status, now=self._clock.now(), **details)


def _check(asked: Any) -> None:
    if not isinstance(asked, dict) or not asked:
        raise Refusal(422, f"An object with any of {', '.join(_DEFAULTS)} is needed")
    for name, value in asked.items():
        if name not in _DEFAULTS:
            raise Refusal(422, f"Unknown setting: '{name}'. Known: {', '.join(_DEFAULTS)}")
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        fits = {
            "repeat": is_number and isinstance(value, int) and 0 <= value <= _MOST_REPEATS,
            "drop_rate": is_number and 0 <= value <= 1,
        }.get(name, isinstance(value, bool))
        if not fits:
            raise Refusal(
                422,
                f"Invalid value for setting: '{name}'. repeat is a whole number up to {_MOST_REPEATS}, drop_rate a"
                " number from 0 to 1, shuffle and hold are true or false",
            )
