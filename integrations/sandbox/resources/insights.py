"""The insights resource: what happened to a contact elsewhere."""

from __future__ import annotations

import datetime as dt

from ..campaigns import outbox
from ..engine.responses import Refusal
from ..engine.schema import values
from ..engine.schema.hooks import Behaviour, Change
from ..engine.schema.resource import Field, Filter, History, Kind, Ownership, Relationship, Resource, Test
from ..engine.storage import records
from .references import INSIGHT_TYPES
from .rules.contact_references import CONTACT, GUESSES


class InsightBehaviour(Behaviour):
    """An insight is of today unless it says otherwise, expires as its type says, and may start a campaign."""

    def complete(self, change: Change) -> None:
        """Check the data, and give the insight its dates."""
        attributes = change.record.attributes
        if not isinstance(attributes["data"] or {}, dict):
            raise Refusal(422, "Invalid value for attribute: 'data'")
        attributes["insight_date"] = attributes["insight_date"] or change.record.created
        if attributes["expires_at"] is None:
            attributes["expires_at"] = _expiry(change)

    def after_write(self, change: Change) -> None:
        """Start the campaigns of the insight's type."""
        outbox.start(change, outbox.INSIGHTS, [change.record.one["type"]], change.record.one["contact"])


def _expiry(change: Change) -> str | None:
    type = change.record.one["type"]
    found = records.load(change.connection, INSIGHT_TYPES, change.organization.id, None, type or 0)
    interval = found.attributes["expiration_interval"] if found else None
    start = values.moment(change.record.attributes["insight_date"])
    if interval is None or start is None:
        return None
    try:
        return values.stamp(start + dt.timedelta(seconds=interval))
    except OverflowError:
        raise Refusal(422, "Invalid value for attribute: 'insight_date'") from None


INSIGHTS = Resource(
    path="insights",
    scope="leadInteraction",
    first_id=40_001,
    methods=frozenset({"list", "get", "create"}),
    ownership=Ownership.HIDDEN_FROM_USER,
    time_names=("", "internal_updated_at"),
    fields=(
        Field("data", Kind.ANY),
        Field("expires_at", Kind.MOMENT),
        Field("insight_date", Kind.MOMENT),
    ),
    relationships=(
        CONTACT,
        Relationship("type", "insight-types", shows=("id", "type"), settable=("id", "type")),
    ),
    history=History("Insight", contact="contact"),
    required=("contact", "type"),
    filters=(
        Filter("owner_email", Test.OWNER, by="email"),
        Filter("owner_id", Test.OWNER, by="id"),
        Filter("owner_external_id", Test.OWNER, by="external_id"),
        Filter("type_id", Test.TARGET, "type", by="id"),
        Filter("contact_id", Test.TARGET, "contact", by="id"),
    ),
    guesses=(
        *GUESSES,
        "An insight shows the id and the name of its type, and the id of its contact.",
        "Without `insight_date` an insight is of the moment it is made; without `expires_at` it expires after"
        " its type's interval.",
        "Insights can be neither changed nor deleted: no request to do so is published.",
    ),
    webhook_item="INSIGHT",
    behaviour=InsightBehaviour,
)
