"""The list of changes that can be subscribed to, as every organization has it from the start."""

from __future__ import annotations

import sqlite3

from ..engine.schema.record import Record
from ..engine.storage.records import insert_many
from ..engine.storage.tables import next_id
from ..resources import RESOURCES
from ..webhooks.deliveries import actions_of


def make_webhook_actions(connection: sqlite3.Connection, organization: int, stamp: str) -> None:
    """Enter what an organization can subscribe to: an action per verb of every resource that is an item."""
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
                stamp,
                stamp,
            )
            for watched in RESOURCES.values()
            for action in actions_of(watched)
        ],
    )
