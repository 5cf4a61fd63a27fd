"""The campaign-activity resource: when a campaign touched a contact."""

import dataclasses

from ..engine.schema.hooks import Behaviour, Change
from ..engine.schema.resource import Column, Field, Filter, Kind, Ownership, Relationship, Resource, Test
from .campaigns import HEX_DIGITS
from .rules.contact_references import CONTACT


class ActivityBehaviour(Behaviour):
    """An activity is of the moment it is told unless it says otherwise."""

    def complete(self, change: Change) -> None:
        """Give the activity its time."""
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
    fields=(Field("touched_at", Kind.MOMENT, column=Column.PLAIN, indexed=True),),
    relationships=(
        dataclasses.replace(CONTACT, creates=True),
        Relationship("campaign", "campaigns", shows=("id", "name"), settable=("id", "name")),
    ),
    required=("contact", "campaign"),
    filters=(
        Filter("internal_created_at_start", Test.FROM, "created"),
        Filter("internal_created_at_end", Test.UNTIL, "created"),
        Filter("touched_at_start", Test.FROM, "touched_at"),
        Filter("touched_at_end", Test.UNTIL, "touched_at"),
        Filter("contact_id", Test.TARGET, "contact", by="id"),
        Filter("campaign_id", Test.TARGET, "campaign", by="id"),
    ),
    guesses=(
        "No example of an answer is published: an activity shows the id of its contact, the id and name of its"
        " campaign, and to admins its owner.",
        "A contact that is described in full is created, or updated where it is known, for the owner.",
        "Without `touched_at` an activity is of the moment it is made.",
        "The filter `related_range_ext_field` is published without a meaning and answers 422.",
        "An activity is deleted by its id; the published address of that request has none and answers 405.",
    ),
    behaviour=ActivityBehaviour,
)
