"""Webhooks: what one can be told about, and who is told."""

from dataclasses import dataclass

from .record import Name, Record


@dataclass(frozen=True, repr=False)
class WebhookAction(Record):
    """Something that can happen: an item such as CONTACT, and an action such as UPDATED."""

    item: Name
    action: Name


@dataclass(frozen=True, repr=False)
class WebhookSubscription(Record):
    """Where deliveries go, and about which actions. Whether the secret is shown is undocumented; it isn't here."""

    id: int
    url: str
    actions: tuple[WebhookAction, ...]
