"""Reading the deliveries of webhooks: whether they come from Total Expert, and what they tell.

A delivery has no signature; the subscription's secret stands in its body. Deliveries come repeated, out of order
or not at all, so treat one as a hint to read the record: get it, and compare `hash_value` with that of the latest
delivery only, since a record that was changed back has its earlier hash again.
"""

import hmac
import json
from dataclasses import dataclass
from typing import Any

from . import values
from .queries import invalid

#: No delivery is longer than this, in bytes; its secret has 255 characters at most.
MOST_BYTES = 16 * 1024
#: Codes of `Rejected`: what is no delivery at all (answer 400), and one with another secret (answer 403).
UNREADABLE, FORGED = "webhook_unreadable", "webhook_secret"


@dataclass(frozen=True)
class Delivery:
    """What a delivery tells: `action` happened to the `item` with this `id`, whose content has this hash.

    `id` is a text; for contacts and most others it is a number in digits. `is_current`: it carried the first of
    the secrets that `read` was given, and not one from before a rotation.
    """

    item: str
    action: str
    id: str
    hash_value: str
    is_current: bool


def read(body: bytes | str, *secrets: str) -> Delivery:
    """The delivery in the body of a request.

    `secrets` are those that may be in it: the current one, then those that it replaced, since deliveries that
    wait while a secret is changed still carry the old one. All are compared in constant time. Raises Rejected
    with code "webhook_unreadable" or "webhook_secret", and ValueError without secrets or with an empty one.
    """
    if not secrets or not all(secrets):
        raise ValueError("Give the subscription's secret; an empty one would let anybody in.")
    data = _decode(body)
    given = data.get("secret")
    matches = [_same(given, secret) for secret in secrets] if isinstance(given, str) else [False]
    if True not in matches:
        raise invalid(
            "This delivery does not carry the subscription's secret, so it may not come from Total Expert.",
            code=FORGED,
        )
    item, action = values.name(data.get("item")), values.name(data.get("action"))
    id = values.text_identifier(data.get("id"))
    if item is None or action is None or id is None:
        raise invalid("This delivery does not say what happened to which record.", code=UNREADABLE)
    return Delivery(item, action, id, values.text(data.get("hashValue")), is_current=matches[0])


def _decode(body: bytes | str) -> dict[str, Any]:
    problem = "This is no delivery of a webhook: it is not a JSON object, or far too long."
    if len(body) > MOST_BYTES:
        raise invalid(problem, code=UNREADABLE)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise invalid(problem, code=UNREADABLE) from None
    if not isinstance(data, dict):
        raise invalid(problem, code=UNREADABLE)
    return data


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass")
    )
