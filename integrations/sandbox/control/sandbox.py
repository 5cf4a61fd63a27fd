"""The state of one sandbox: its database, clock, faults, limits and webhook deliveries."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from typing import Any

from ..engine.clock import Clock
from ..engine.listing.list_index import ListIndex
from ..engine.listing.pages import CountCache
from ..engine.storage import database
from ..engine.storage.database import Database
from ..resources import RESOURCES
from ..resources.webhook_subscriptions import HTTP_ALLOWED
from ..seed.build import expected_schema, seed_database
from ..seed.contacts import Seed
from ..webhooks.http_post import post
from ..webhooks.worker import DeliveryWorker, Send
from .faults import Faults
from .limits import Limits
from .snapshots import Snapshots

DEFAULT_APPLICATION_NAME = "Partner Portal"
DEFAULT_REDIRECT_URIS = ("http://localhost:8000/oauth/callback/sandbox/",)


@dataclass(frozen=True)
class Options:
    """Settings of one start; they may differ from start to start over the same file.

    `latency_ms` delays every response. `application_name` is how the sign-in and consent pages call the partner's
    application. `remote_webhooks` allows deliveries to other machines; `send` delivers one.
    """

    limits: Limits = Limits()
    latency_ms: float = 0
    application_name: str = DEFAULT_APPLICATION_NAME
    redirect_uris: tuple[str, ...] = DEFAULT_REDIRECT_URIS
    http_webhooks: bool = False
    remote_webhooks: bool = False
    send: Send = post


class Sandbox:
    """Everything that views work on."""

    def __init__(self, path: str, seed: Seed, options: Options, content: bytes | None = None) -> None:
        """Open a sandbox's file, or create and seed it. Raise `sqlite3.Error` if the file cannot be used.

        In memory, ``content`` is that of a sandbox's file to start with.
        """
        self.database = Database(path, content)
        self.options = options
        self.clock = Clock()
        self.counts = CountCache()
        self.list_indexes = {
            path: ListIndex(resource) for path, resource in RESOURCES.items() if resource.has_list_index
        }
        self.snapshots = Snapshots(self.database)
        self._replacing = threading.Lock()
        with self.database.write() as connection:
            self.existed = database.is_seeded(connection)
            if not self.existed:
                seed_database(connection, seed, now=self.clock.now())
            elif database.schema(connection) != expected_schema():
                raise sqlite3.DatabaseError("another version of the sandbox made it")
            self.seed = Seed(**database.get_meta(connection, "seed"))
            self.faults = Faults()
            self.delivery_worker = DeliveryWorker(
                self.database,
                self.clock,
                remote=options.remote_webhooks,
                send=options.send,
            )
            self._load_settings(connection)
        self._load_list_indexes()

    def reset(self) -> None:
        """Reset everything to the seed data: records, tokens, sessions, log, outbox, clock and faults."""
        with self._replacing, self.database.exclusive():
            with self.database.write() as connection:
                self.clock.offset = 0.0
                database.drop_all_tables(connection)
                seed_database(connection, self.seed, now=self.clock.now())
                self._load_settings(connection)
            self._load_list_indexes()
        self.records_changed()

    def load(self, name: Any) -> None:
        """Restore a snapshot: records, tokens, limits, log, outbox, deliveries, clock and faults.

        Raise `ApiError` (404, 422).
        """
        with self._replacing, self.database.exclusive():
            self.snapshots.load(name)
            with self.database.write() as connection:
                self.seed = Seed(**database.get_meta(connection, "seed"))
                self._load_settings(connection)
            self._load_list_indexes()
        self.records_changed()

    def records_changed(self) -> None:
        """Drop cached counts, update the list indexes and wake the delivery worker after a write."""
        self.counts.clear()
        with self.database.read() as connection:
            for list_index in self.list_indexes.values():
                list_index.update(connection)
        self.delivery_worker.wake()

    def _load_list_indexes(self) -> None:
        with self.database.read() as connection:
            for list_index in self.list_indexes.values():
                list_index.load(connection)

    def _load_settings(self, connection: sqlite3.Connection) -> None:
        """Read faults, clock and webhook settings from the file, and write this start's options into it."""
        self.faults.load(connection, seed=self.seed.seed)
        self.clock.load(connection)
        self.delivery_worker.load(connection, seed=self.seed.seed)
        database.set_meta(connection, HTTP_ALLOWED, self.options.http_webhooks)

    def describe(self) -> dict[str, Any]:
        """Return what the data was made from."""
        return {
            "seed": self.seed.seed,
            "organizations": self.seed.organizations,
            "contacts": self.seed.contacts,
        }
