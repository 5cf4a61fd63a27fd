"""The worker that delivers webhooks at least once, with repeats, losses and reordering on request."""

from __future__ import annotations

import http.client
import random
import sqlite3
import threading
import traceback
from collections.abc import Callable
from typing import Any

from ..engine.clock import Clock
from ..engine.errors import ApiError
from ..engine.storage.database import Database, get_meta, set_meta
from ..loopback import is_loopback_url
from . import deliveries
from .deliveries import DELIVERED, DROPPED, FAILED, PENDING, REFUSED, Delivery
from .http_post import post

Send = Callable[[str, bytes], int]
"""Posts a JSON body to a URL and returns the status of the response.

Raises `OSError`, `http.client.HTTPException`, or `ValueError` for an invalid URL.
"""

MAX_ATTEMPTS = 8
_META = "webhooks"
_DEFAULTS: dict[str, Any] = {"repeat": 0, "drop_rate": 0.0, "shuffle": False, "hold": False}
_MAX_REPEATS = 100
_POLL_SECONDS = 1.0


class DeliveryWorker:
    """Sends pending deliveries on request (`deliver`) or in the background (`start`)."""

    def __init__(self, database: Database, clock: Clock, *, remote: bool, send: Send = post) -> None:
        self._database = database
        self._clock = clock
        self._remote = remote
        self._send = send
        self._random = random.Random()
        self._round_lock = threading.Lock()
        self._wake = threading.Event()
        self.settings = dict(_DEFAULTS)

    def load(self, connection: sqlite3.Connection, *, seed: int) -> None:
        """Read the settings from the file and reset the random numbers."""
        self._random.seed(seed)
        self.settings = {**_DEFAULTS, **get_meta(connection, _META, {})}

    def change_settings(self, connection: sqlite3.Connection, changes: Any) -> None:
        """Change some settings and store them. Raise `ApiError` (422) for an invalid one."""
        _check(changes)
        self.settings = {**self.settings, **changes}
        set_meta(connection, _META, self.settings)

    def start(self) -> None:
        """Deliver in a background thread until the process ends."""
        threading.Thread(target=self._run, name="webhook-deliveries", daemon=True).start()

    def wake(self) -> None:
        """Tell the background thread that there may be something to deliver."""
        self._wake.set()

    def _run(self) -> None:
        while True:
            try:
                self.deliver(everything=False)
            except Exception:
                # Print the bug; the next round may succeed.
                traceback.print_exc()
            self._wake.wait(_POLL_SECONDS)
            self._wake.clear()

    def deliver(self, *, everything: bool) -> int:
        """Send what is due, or `everything` that is pending, even if held. Return the number of messages sent."""
        with self._round_lock:
            if self.settings["hold"] and not everything:
                return 0
            with self._database.read() as connection:
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
            with self._database.read() as connection:
                delivery = deliveries.load(connection, number)
            if delivery is None or delivery.url in unreachable:
                continue
            sent += self._attempt(delivery, left[number] == 0, given_up, unreachable)
        return sent

    def _attempt(self, delivery: Delivery, last: bool, given_up: set[int], unreachable: set[str]) -> int:
        """Send one message and record the result. Return how many were sent: 1 or 0."""
        if not self._remote and not is_loopback_url(delivery.url):
            error = "Only this machine is called. Start with --remote-webhooks to call others."
            self._record(delivery, REFUSED, error=error)
            return 0
        if self._random.random() < self.settings["drop_rate"]:
            given_up.add(delivery.seq)
            self._record(delivery, DROPPED)
            return 0
        try:
            status = self._send(delivery.url, delivery.body())
        except (OSError, http.client.HTTPException, ValueError) as error:
            unreachable.add(delivery.url)
            self._record_failure(delivery, error=f"No response ({type(error).__name__})")
            return 1
        if 200 <= status < 300:
            self._record(delivery, DELIVERED if last else PENDING, sent=1, answered=status)
        else:
            given_up.add(delivery.seq)
            self._record_failure(delivery, answered=status)
        return 1

    def _record_failure(
        self, delivery: Delivery, *, answered: int | None = None, error: str | None = None
    ) -> None:
        final = delivery.attempts + 1 >= MAX_ATTEMPTS
        due = self._clock.now() + 2.0 ** min(delivery.attempts, 6)
        self._record(delivery, FAILED if final else PENDING, due=due, sent=1, answered=answered, error=error)

    def _record(self, delivery: Delivery, status: str, **details: Any) -> None:
        with self._database.write() as connection:
            deliveries.record_attempt(connection, delivery, status=status, now=self._clock.now(), **details)


def _check(changes: Any) -> None:
    if not isinstance(changes, dict) or not changes:
        raise ApiError(422, f"The body must be an object with any of {', '.join(_DEFAULTS)}")
    for name, value in changes.items():
        if name not in _DEFAULTS:
            raise ApiError(422, f"Unknown setting: '{name}'. Known settings: {', '.join(_DEFAULTS)}")
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_valid = {
            "repeat": is_number and isinstance(value, int) and 0 <= value <= _MAX_REPEATS,
            "drop_rate": is_number and 0 <= value <= 1,
        }.get(name, isinstance(value, bool))
        if not is_valid:
            raise ApiError(
                422,
                f"Invalid value for setting: '{name}'. repeat must be an integer from 0 to {_MAX_REPEATS},"
                " drop_rate a number from 0 to 1, shuffle and hold true or false.",
            )
