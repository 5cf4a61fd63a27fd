"""The scenarios resource: what financing a home or contact could look like, in an owner's book."""

from ..engine.responses import Refusal
from ..engine.schema.hooks import Behaviour, Change
from ..engine.schema.resource import Column, Field, Filter, Items, Kind, Ownership, Resource, Test


class ScenarioBehaviour(Behaviour):
    """A scenario's data is one JSON object."""

    def complete(self, change: Change) -> None:
        """Refuse data that was encoded separately, or is no object."""
        if not isinstance(change.record.attributes.get("data"), dict):
            raise Refusal(422, "Invalid value for attribute: 'data'")


SCENARIOS = Resource(
    path="scenarios",
    scope="loanInteraction",
    first_id=1701,
    ownership=Ownership.HIDDEN_FROM_USER,
    fields=(
        Field("data", Kind.ANY),
        Field("display_name", column=Column.PLAIN),
        Field("expiration_date", Kind.MOMENT, column=Column.PLAIN),
        Field("name", column=Column.PLAIN, indexed=True),
    ),
    items=(
        Items(
            "tags",
            (Field("type"), Field("value", Kind.ANY)),
            keys=("type", "value"),
            removed_by="remove_tags",
            always_shown=True,
        ),
    ),
    required=("name", "data", "tags"),
    filters=(
        Filter("expiration_date_start", Test.FROM, "expiration_date"),
        Filter("expiration_date_end", Test.UNTIL, "expiration_date"),
        Filter("name", Test.EQUALS, "name"),
        Filter("display_name", Test.EQUALS, "display_name"),
    ),
    guesses=(
        "Scenarios need the scope loanInteraction; none is published for them.",
        "An organization's own schema for `data` is not emulated: any JSON object is taken.",
        "Tags may name anything; a contact's tag does not have to be the id of one.",
    ),
    behaviour=ScenarioBehaviour,
)
