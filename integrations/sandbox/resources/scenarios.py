"""The scenarios resource: ways to finance a home."""

from ..engine.errors import ApiError
from ..engine.schema.fields import Column, Field, FieldType, Items
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import Filter, Lookup, Ownership, Resource


class ScenarioHooks(ResourceHooks):
    """Checks a scenario's data."""

    def clean(self, change: Change) -> None:
        """Reject data that is not a JSON object."""
        if not isinstance(change.record.attributes.get("data"), dict):
            raise ApiError(422, "Invalid value for attribute: 'data'")


SCENARIOS = Resource(
    path="scenarios",
    scope="loanInteraction",
    first_id=1701,
    ownership=Ownership.HIDDEN_FROM_USER,
    fields=(
        Field("data", FieldType.ANY),
        Field("display_name", column=Column.PLAIN),
        Field("expiration_date", FieldType.DATETIME, column=Column.PLAIN),
        Field("name", column=Column.PLAIN, indexed=True),
    ),
    items=(
        Items(
            "tags",
            (Field("type"), Field("value", FieldType.ANY)),
            keys=("type", "value"),
            removed_by="remove_tags",
            always_shown=True,
        ),
    ),
    required=("name", "data", "tags"),
    filters=(
        Filter("expiration_date_start", Lookup.GTE, "expiration_date"),
        Filter("expiration_date_end", Lookup.LTE, "expiration_date"),
        Filter("name", Lookup.EXACT, "name"),
        Filter("display_name", Lookup.EXACT, "display_name"),
    ),
    assumptions=(
        "Scenarios need the scope loanInteraction. None is published.",
        "An organization's own schema for `data` is not emulated: any JSON object is accepted.",
        "Tags can name anything. A contact tag need not be the id of a contact.",
    ),
    hooks=ScenarioHooks,
)
