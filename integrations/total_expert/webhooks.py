"""Reading webhook deliveries: whether one comes from Total Expert, and what it reports.

A delivery is not signed; the subscription's secret is in its body. Deliveries may repeat, arrive out of order or not at
all, so treat one as a hint to get the record. Compare `hash_value` with the latest delivery's only: a record that was
changed back has its earlier hash again.
"""

import hmac
import json
from dataclasses import dataclass
from typing import Any

from . import parse
from .errors import invalid

#: The largest delivery, in bytes. Its secret has at most 255 characters.
MAX_BYTES = 16 * 1024
#: The `code` of Rejected for a body that is not a delivery. Answer 400.
INVALID_DELIVERY = "webhook_unreadable"
#: The `code` of Rejected for a delivery with another secret. Answer 403.
WRONG_SECRET = "webhook_secret"  # noqa: S105


@dataclass(frozen=True)
class Delivery:
    """What a delivery reports: `action` happened to the `item` with this `id`, whose content has this hash.

    `id` is text; for contacts and most others it is a number. `has_current_secret` is False if the delivery carried
    one of the earlier secrets.
    """

    item: str
    action: str
    id: str
    hash_value: str
    has_current_secret: bool


def read(body: bytes | str, *secrets: str) -> Delivery:
    """Return the delivery in the body of a request.

    `secrets` are the subscription's current secret and then its earlier ones, which deliveries that were pending
    during a rotation still carry. All are compared in constant time.

    Raise Rejected with code "webhook_unreadable" or "webhook_secret", and ValueError without secrets or for an empty
    one.
    """
    if not secrets or not all(secrets):
        raise ValueError("Pass the subscription's secret. An empty secret would accept any delivery.")
    data = _decode(body)
    given = data.get("secret")
    matches = [_is_same(given, secret) for secret in secrets] if isinstance(given, str) else [False]
    if True not in matches:
        raise invalid(
            "This delivery does not carry the subscription's secret, so it may not come from Total Expert.",
            code=WRONG_SECRET,
        )
    item, action = parse.required_text(data.get("item")), parse.required_text(data.get("action"))
    id = parse.text_id(data.get("id"))
    if item is None or action is None or id is None:
        raise invalid("This delivery does not state its item, action and id.", code=INVALID_DELIVERY)
    return Delivery(item, action, id, parse.text(data.get("hashValue")), has_current_secret=matches[0])


def _decode(body: bytes | str) -> dict[str, Any]:
    error = invalid("This is not a webhook delivery: not a JSON object, or too large.", code=INVALID_DELIVERY)
    if len(body) > MAX_BYTES:
        raise error
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise error from None
    if not isinstance(data, dict):
        raise error
    return data


def _is_same(given: str, secret: str) -> bool:
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass")
    )
