"""The insights resource: events about a contact in other systems."""

from __future__ import annotations

import datetime as dt

from ..campaigns import outbox
from ..engine.errors import ApiError
from ..engine.schema import values
from ..engine.schema.fields import Field, FieldType
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import ActivityRule, Filter, Lookup, Ownership, Relationship, Resource
from ..engine.storage import records
from .references import INSIGHT_TYPES
from .rules.contact_references import ASSUMPTIONS, CONTACT


class InsightHooks(ResourceHooks):
    """Sets default dates, and starts the campaigns of the insight's type."""

    def clean(self, change: Change) -> None:
        """Check the data and set default dates."""
        attributes = change.record.attributes
        if not isinstance(attributes["data"] or {}, dict):
            raise ApiError(422, "Invalid value for attribute: 'data'")
        attributes["insight_date"] = attributes["insight_date"] or change.record.created
        if attributes["expires_at"] is None:
            attributes["expires_at"] = _expiry(change)

    def after_save(self, change: Change) -> None:
        """Start the campaigns of the insight's type."""
        outbox.start_campaigns(
            change, outbox.INSIGHTS, [change.record.one["type"]], change.record.one["contact"]
        )


def _expiry(change: Change) -> str | None:
    type = change.record.one["type"]
    found = records.load(change.connection, INSIGHT_TYPES, change.organization.id, None, type or 0)
    interval = found.attributes["expiration_interval"] if found else None
    start = values.parse_datetime(change.record.attributes["insight_date"])
    if interval is None or start is None:
        return None
    try:
        return values.format_datetime(start + dt.timedelta(seconds=interval))
    except OverflowError:
        raise ApiError(422, "Invalid value for attribute: 'insight_date'") from None


INSIGHTS = Resource(
    path="insights",
    scope="leadInteraction",
    first_id=40_001,
    methods=frozenset({"list", "get", "create"}),
    ownership=Ownership.HIDDEN_FROM_USER,
    time_names=("", "internal_updated_at"),
    fields=(
        Field("data", FieldType.ANY),
        Field("expires_at", FieldType.DATETIME),
        Field("insight_date", FieldType.DATETIME),
    ),
    relationships=(
        CONTACT,
        Relationship("type", "insight-types", shown_fields=("id", "type"), key_fields=("id", "type")),
    ),
    activity=ActivityRule("Insight", contact="contact"),
    required=("contact", "type"),
    filters=(
        Filter("owner_email", Lookup.OWNER, by="email"),
        Filter("owner_id", Lookup.OWNER, by="id"),
        Filter("owner_external_id", Lookup.OWNER, by="external_id"),
        Filter("type_id", Lookup.TO_ONE, "type", by="id"),
        Filter("contact_id", Lookup.TO_ONE, "contact", by="id"),
    ),
    assumptions=(
        *ASSUMPTIONS,
        "An insight shows the id and name of its type, and the id of its contact.",
        "`insight_date` defaults to the time of creation, `expires_at` to that date plus the type's interval.",
        "Insights can't be changed or deleted: no request for that is published.",
    ),
    webhook_item="INSIGHT",
    hooks=InsightHooks,
)
