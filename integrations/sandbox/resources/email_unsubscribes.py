"""The email-unsubscribes resource: addresses that unsubscribed from an organization, a domain or a user."""

from typing import Any

from ..engine.schema import values
from ..engine.schema.fields import Column, Field, FieldType
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import (
    USER_KEY_FIELDS,
    USER_SHOWN_FIELDS,
    Filter,
    Identity,
    Lookup,
    Relationship,
    Resource,
)


class EmailUnsubscribeHooks(ResourceHooks):
    """Keeps the time of an unsubscribe from the whole organization."""

    def clean(self, change: Change) -> None:
        """Set or clear the time of an unsubscribe from the whole organization."""
        attributes: dict[str, Any] = change.record.attributes
        if not attributes.get("organization_wide"):
            attributes["organization_unsub_at"] = None
        elif not attributes.get("organization_unsub_at"):
            moment = values.format_timestamp(change.now)
            attributes["organization_unsub_at"] = values.to_iso(moment)


EMAIL_UNSUBSCRIBES = Resource(
    path="email-unsubscribes",
    scope="leadInteraction",
    first_id=1401,
    methods=frozenset({"list", "get", "create"}),
    shows_times=False,
    fields=(
        Field("email", column=Column.PLAIN, indexed=True, fixed=True),
        Field("organization_unsub_at", FieldType.TIMESTAMP, assignable=False, column=Column.PLAIN),
        Field("organization_wide", FieldType.BOOLEAN, default=False, column=Column.PLAIN),
    ),
    relationships=(
        Relationship(
            "domains",
            "email-domains",
            shown_fields=("domain_name", "id"),
            key_fields=("domain_name", "id"),
            many=True,
            removed_by="remove_domains",
            always_shown=True,
            linked_at="domain_unsub_at",
        ),
        Relationship(
            "users",
            "users",
            shown_fields=USER_SHOWN_FIELDS,
            key_fields=USER_KEY_FIELDS,
            many=True,
            removed_by="remove_users",
            always_shown=True,
            linked_at="user_unsub_at",
        ),
    ),
    required=("email",),
    identities=(Identity(("email",)),),
    filters=(
        Filter("email", Lookup.EXACT, "email"),
        Filter("organization_unsub_at_start", Lookup.GTE, "organization_unsub_at"),
        Filter("organization_unsub_at_end", Lookup.LTE, "organization_unsub_at"),
        Filter("user_unsub_at_start", Lookup.LINKED_GTE, "users"),
        Filter("user_unsub_at_end", Lookup.LINKED_LTE, "users"),
        Filter("domain_unsub_at_start", Lookup.LINKED_GTE, "domains"),
        Filter("domain_unsub_at_end", Lookup.LINKED_LTE, "domains"),
    ),
    assumptions=(
        "There is one record per address. Posting an address again adds users and domains to it and responds like a"
        " duplicate.",
        "`remove_users` and `remove_domains` work in every organization. The vendor enables them for some.",
        "Webhooks report a new unsubscribe as UPDATED, the only published action.",
        "Subscribing to the whole organization again clears `organization_unsub_at`.",
    ),
    webhook_item="EMAIL_UNSUBSCRIBE",
    webhook_updates_only=True,
    hooks=EmailUnsubscribeHooks,
)
