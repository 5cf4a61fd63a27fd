"""The email-unsubscribes resource: which addresses want no more mail, from the organization, a domain or a user."""

from typing import Any

from ..engine.schema import values
from ..engine.schema.hooks import Behaviour, Change
from ..engine.schema.resource import (
    USER_SETTABLE,
    USER_SHOWS,
    Column,
    Field,
    Filter,
    Identity,
    Kind,
    Relationship,
    Resource,
    Test,
)


class EmailUnsubscribeBehaviour(Behaviour):
    """The time of an unsubscribe from the whole organization is kept as long as it lasts."""

    def complete(self, change: Change) -> None:
        """Note when the whole organization was unsubscribed from."""
        attributes: dict[str, Any] = change.record.attributes
        if not attributes.get("organization_wide"):
            attributes["organization_unsub_at"] = None
        elif not attributes.get("organization_unsub_at"):
            moment = values.stamp_of(change.now)
            attributes["organization_unsub_at"] = values.iso(moment)


EMAIL_UNSUBSCRIBES = Resource(
    path="email-unsubscribes",
    scope="leadInteraction",
    first_id=1401,
    methods=frozenset({"list", "get", "create"}),
    shows_times=False,
    fields=(
        Field("email", column=Column.PLAIN, indexed=True, fixed=True),
        Field("organization_unsub_at", Kind.STAMP, assignable=False, column=Column.PLAIN),
        Field("organization_wide", Kind.FLAG, default=False, column=Column.PLAIN),
    ),
    relationships=(
        Relationship(
            "domains",
            "email-domains",
            shows=("domain_name", "id"),
            settable=("domain_name", "id"),
            many=True,
            removed_by="remove_domains",
            always_shown=True,
            stamped="domain_unsub_at",
        ),
        Relationship(
            "users",
            "users",
            shows=USER_SHOWS,
            settable=USER_SETTABLE,
            many=True,
            removed_by="remove_users",
            always_shown=True,
            stamped="user_unsub_at",
        ),
    ),
    required=("email",),
    identities=(Identity(("email",)),),
    filters=(
        Filter("email", Test.EQUALS, "email"),
        Filter("organization_unsub_at_start", Test.FROM, "organization_unsub_at"),
        Filter("organization_unsub_at_end", Test.UNTIL, "organization_unsub_at"),
        Filter("user_unsub_at_start", Test.LINKED_FROM, "users"),
        Filter("user_unsub_at_end", Test.LINKED_UNTIL, "users"),
        Filter("domain_unsub_at_start", Test.LINKED_FROM, "domains"),
        Filter("domain_unsub_at_end", Test.LINKED_UNTIL, "domains"),
    ),
    guesses=(
        "There is one record per address: posting it again adds users and domains to it and answers duplicate.",
        "`remove_users` and `remove_domains` work in every organization; the vendor has them in some.",
        "A new unsubscribe is told to webhooks as UPDATED, the one action that is published for them.",
        "Subscribing again to the whole organization clears `organization_unsub_at`.",
    ),
    webhook_item="EMAIL_UNSUBSCRIBE",
    webhook_knows_updates_only=True,
    behaviour=EmailUnsubscribeBehaviour,
)
