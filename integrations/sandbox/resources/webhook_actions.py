"""The webhook-actions resource: which changes of which items can be subscribed to; the same for everyone."""

from ..engine.schema.resource import Column, Field, Resource

WEBHOOK_ACTIONS = Resource(
    path="webhook-actions",
    scope="leadInteraction",
    first_id=1,
    methods=frozenset({"list"}),
    shows_id=False,
    shows_times=False,
    fields=(
        Field("action", assignable=False, column=Column.PLAIN),
        Field("item", assignable=False, column=Column.PLAIN, indexed=True),
    ),
    guesses=(
        "Only contacts are documented as items. Here every resource that can be created, changed or deleted and"
        " is named by an item is one.",
    ),
)
