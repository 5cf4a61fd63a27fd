"""One world: its file, its clock, its limits and faults, and how it is made and put back to its seed."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from typing import Any

from ..engine.clock import Clock
from ..engine.listing.list_index import Catalogue
from ..engine.listing.pages import Counts
from ..engine.storage import database
from ..engine.storage.database import Store
from ..resources import RESOURCES
from ..resources.webhook_subscriptions import HTTP_ALLOWED
from ..seed import build as seeding
from ..seed.contacts import Seed
from ..webhooks.http_post import post
from ..webhooks.worker import Deliverer, Send
from .faults import Faults
from .limits import Limits
from .snapshots import Snapshots

DEFAULT_REDIRECT_URIS = ("http://localhost:8000/oauth/callback/",)


@dataclass(frozen=True)
class Options:
    """What may differ from start to start over the same file. `latency_ms` delays every answer;
    `remote_webhooks` lets deliveries go to other machines; `send` is how they go.
    """

    limits: Limits = Limits()
    latency_ms: float = 0
    redirect_uris: tuple[str, ...] = DEFAULT_REDIRECT_URIS
    http_webhooks: bool = False
    remote_webhooks: bool = False
    send: Send = post


class World:
    """Everything the endpoints work on."""

    def __init__(self, path: str, seed: Seed, options: Options) -> None:
        """Open the world of a file, or make one. Raises `sqlite3.Error` for a file that cannot be used."""
        self.store = Store(path)
        self.options = options
        self.clock = Clock()
        self.counts = Counts()
        self.catalogues = {path: Catalogue(found) for path, found in RESOURCES.items() if found.large}
        self.snapshots = Snapshots(self.store)
        self._replacing = threading.Lock()
        with self.store.write() as connection:
            self.was_there = database.is_seeded(connection)
            if not self.was_there:
                seeding.make_world(connection, seed, now=self.clock.now())
            elif database.schema(connection) != seeding.schema():
                raise sqlite3.DatabaseError("another version of the sandbox made it")
            self.seed = Seed(**database.get_meta(connection, "seed"))
            self.faults = Faults()
            self.deliverer = Deliverer(
                self.store,
                self.clock,
                remote=options.remote_webhooks,
                send=options.send,
            )
            self._load(connection)
        self._read_catalogues()

    def reset(self) -> None:
        """Put everything back to the seed: records, tokens, sessions, log, outbox, clock and faults."""
        with self._replacing, self.store.alone():
            with self.store.write() as connection:
                self.clock.offset = 0.0
                database.drop_everything(connection)
                seeding.make_world(connection, self.seed, now=self.clock.now())
                self._load(connection)
            self._read_catalogues()
        self.changed()

    def load(self, name: Any) -> None:
        """Put everything back to a snapshot: records, tokens, limits, log, outbox, deliveries, clock and faults.

        Raises `Refusal` (404, 422).
        """
        with self._replacing, self.store.alone():
            self.snapshots.load(name)
            with self.store.write() as connection:
                self.seed = Seed(**database.get_meta(connection, "seed"))
                self._load(connection)
            self._read_catalogues()
        self.changed()

    def changed(self) -> None:
        """Something was written: remembered counts are void, and there may be something to deliver."""
        self.counts.forget()
        with self.store.read() as connection:
            for catalogue in self.catalogues.values():
                catalogue.catch_up(connection)
        self.deliverer.wake()

    def _read_catalogues(self) -> None:
        with self.store.read() as connection:
            for catalogue in self.catalogues.values():
                catalogue.load(connection)

    def _load(self, connection: sqlite3.Connection) -> None:
        """Take over what the file holds of clock, faults and settings, and tell it this start's options."""
        self.faults.load(connection, seed=self.seed.seed)
        self.clock.load(connection)
        self.deliverer.load(connection, seed=self.seed.seed)
        database.set_meta(connection, HTTP_ALLOWED, self.options.http_webhooks)

    def describe(self) -> dict[str, Any]:
        """What this world was made from."""
        return {
            "seed": self.seed.seed,
            "organizations": self.seed.organizations,
            "contacts": self.seed.contacts,
        }
