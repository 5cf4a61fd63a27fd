"""The webhook actions that every organization can subscribe to."""

from __future__ import annotations

import sqlite3

from ..engine.schema.record import Record
from ..engine.storage.records import insert_many
from ..engine.storage.tables import next_id
from ..resources import RESOURCES
from ..webhooks.deliveries import actions_of


def make_webhook_actions(connection: sqlite3.Connection, organization: int, timestamp: str) -> None:
    """Create the actions of every resource that webhooks can watch."""
    resource = RESOURCES["webhook-actions"]
    insert_many(
        connection,
        resource,
        [
            Record(
                next_id(connection, resource),
                organization,
                None,
                {"action": action, "item": watched.webhook_item},
                timestamp,
                timestamp,
            )
            for watched in RESOURCES.values()
            for action in actions_of(watched)
        ],
    )
