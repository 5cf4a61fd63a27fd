"""Webhook actions and subscriptions."""

from dataclasses import dataclass

from .record import Name, Record


@dataclass(frozen=True, repr=False)
class WebhookAction(Record):
    """An event to subscribe to: an item such as CONTACT and an action such as UPDATED."""

    item: Name
    action: Name


@dataclass(frozen=True, repr=False)
class WebhookSubscription(Record):
    """Where deliveries are sent, and for which actions. The secret is not part of it: the vendor documents no way to read
    it.
    """

    id: int
    url: str
    actions: tuple[WebhookAction, ...]
