"""The account-classifications resource: the kinds of loans and accounts an organization deals in."""

from ..engine.schema.resource import Column, Field, Relationship, Resource

ACCOUNT_CLASSIFICATIONS = Resource(
    path="account-classifications",
    scope="loanInteraction",
    first_id=51,
    methods=frozenset({"list"}),
    shows_times=False,
    fields=(
        Field("class_name", column=Column.PLAIN),
        Field("class_type", column=Column.PLAIN, choices=("LOAN", "ACCOUNT")),
    ),
    guesses=("Attributes of a classification: id, class_name, class_type. No example is published.",),
)
ACCOUNT_CLASS = Relationship(
    "account_class",
    ACCOUNT_CLASSIFICATIONS.path,
    shows=("class_name", "class_type"),
    settable=("class_name", "class_type"),
    always_shown=True,
)
