"""The campaign-activity resource: when a campaign reached a contact."""

import dataclasses

from ..engine.schema.fields import Column, Field, FieldType
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import Filter, Lookup, Ownership, Relationship, Resource
from .campaigns import HEX_DIGITS
from .rules.contact_references import CONTACT


class ActivityHooks(ResourceHooks):
    """Dates an activity when it is created, unless the request says otherwise."""

    def clean(self, change: Change) -> None:
        """Set the default time."""
        attributes = change.record.attributes
        attributes["touched_at"] = attributes["touched_at"] or change.record.created


CAMPAIGN_ACTIVITY = Resource(
    path="campaign-activity",
    scope="leadInteraction",
    first_id=9001,
    hex_digits=HEX_DIGITS,
    methods=frozenset({"list", "get", "create", "delete"}),
    ownership=Ownership.HIDDEN_FROM_USER,
    time_names=("internal_created_at", ""),
    fields=(Field("touched_at", FieldType.DATETIME, column=Column.PLAIN, indexed=True),),
    relationships=(
        dataclasses.replace(CONTACT, allows_nested=True),
        Relationship("campaign", "campaigns", shown_fields=("id", "name"), key_fields=("id", "name")),
    ),
    required=("contact", "campaign"),
    filters=(
        Filter("internal_created_at_start", Lookup.GTE, "created"),
        Filter("internal_created_at_end", Lookup.LTE, "created"),
        Filter("touched_at_start", Lookup.GTE, "touched_at"),
        Filter("touched_at_end", Lookup.LTE, "touched_at"),
        Filter("contact_id", Lookup.TO_ONE, "contact", by="id"),
        Filter("campaign_id", Lookup.TO_ONE, "campaign", by="id"),
    ),
    assumptions=(
        "The shape of responses: an activity shows the id of its contact, the id and name of its campaign and, to"
        " admins, its owner.",
        "A contact that is sent in full is created for the owner, or updated if it exists.",
        "`touched_at` defaults to the time of creation.",
        "The filter `related_range_ext_field` has no documented meaning and returns 422.",
        "An activity is deleted by its id. The published URL for this has no id and returns 405.",
    ),
    hooks=ActivityHooks,
)
