"""The email-domains resource: the domains an organization sends from."""

from ..engine.schema.resource import Column, Field, Resource

EMAIL_DOMAINS = Resource(
    path="email-domains",
    scope="leadInteraction",
    first_id=1301,
    methods=frozenset({"list"}),
    shows_times=False,
    fields=(Field("domain_name", column=Column.PLAIN),),
    guesses=(
        "E-mail domains, unsubscribes and SMS choices need the scope leadInteraction; none is published.",
    ),
)
