"""The webhook-subscriptions resource: which changes to send where, and with which secret."""

from typing import Any
from urllib.parse import urlsplit

from ..engine.errors import ApiError
from ..engine.schema.fields import Column, Field
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import Relationship, Resource
from ..engine.storage.database import get_meta

LONGEST_SECRET = 255
HTTP_ALLOWED = "http_webhooks"


class SubscriptionHooks(ResourceHooks):
    """Checks the URL, the secret and the actions of a subscription."""

    def clean(self, change: Change) -> None:
        """Reject invalid URLs, secrets and actions."""
        schemes = ("https", "http") if get_meta(change.connection, HTTP_ALLOWED, False) else ("https",)
        if not is_address(change.record.attributes.get("url"), schemes):
            raise ApiError(422, f"Invalid value for attribute: 'url'. It must be an {schemes[0]} address")
        if len(change.record.hidden.get("secret") or "") > LONGEST_SECRET:
            raise ApiError(
                422, f"Invalid value for attribute: 'secret'. It has at most {LONGEST_SECRET} characters"
            )
        for name in ("actions", "remove_actions"):
            given = change.payload.get(name) or []
            for entry in given if isinstance(given, list) else [given]:
                if not (isinstance(entry, dict) and entry.get("item") and entry.get("action")):
                    raise ApiError(422, f"Unable to find target for relationship: '{name}'")


def is_address(url: Any, schemes: tuple[str, ...]) -> bool:
    """Return whether a value is a URL with one of these schemes and without a password."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and has_port and "@" not in parts.netloc


WEBHOOK_SUBSCRIPTIONS = Resource(
    path="webhook-subscriptions",
    scope="leadInteraction",
    first_id=31,
    fields=(Field("url", column=Column.PLAIN), Field("secret", shown=False)),
    relationships=(
        Relationship(
            "actions",
            "webhook-actions",
            shown_fields=("action", "item"),
            key_fields=("item", "action"),
            many=True,
            removed_by="remove_actions",
            always_shown=True,
        ),
    ),
    required=("url", "actions"),
    assumptions=(
        "Subscriptions belong to the organization. Every token with the scope leadInteraction can see and change"
        " them, and they report all records of the organization.",
        "A secret is never shown. `url` can be changed, as in the published example of an update.",
        "A URL that is not https, a secret that is too long and an unknown action return 422.",
        "A delivery needs a response with a status from 200 to 299 within five seconds. Otherwise it is sent again,"
        " up to eight times in about two minutes. Redirects are not followed.",
        "Pending deliveries are still sent after their subscription is deleted.",
        "`hashValue` is 16 hexadecimal digits over everything in a record except its internal times. For a deleted"
        " record it is the last value. A record that loses a deleted group has changed.",
    ),
    hooks=SubscriptionHooks,
)
