"""Consents to automated calls. A write of a contact grants or revokes them; no response shows them.

A consent covers one kind of agent, one channel with its number, and one purpose.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from ...engine.errors import ApiError
from ...engine.schema.hooks import Change

GRANT, REVOKE = "grant_consent", "revoke_consent"
_ABOUT = ("communication_agent", "communication_channel", "channel_target", "contact_purpose")
_NEEDED = {
    GRANT: (*_ABOUT, "capture_source", "consent_language", "ip_address"),
    REVOKE: (*_ABOUT, "consent_language", "ip_address"),
}
_KNOWN = {
    "communication_agent": re.compile("agentic-a-i"),
    "communication_channel": re.compile("phone"),
    "channel_target": re.compile(r"\+1[0-9]{10}"),
    "contact_purpose": re.compile("marketing|existing-business"),
}


def apply(change: Change) -> None:
    """Store the consents that a write grants or revokes.

    Raise `ApiError` (422) for an incomplete consent, and for revoking one that was never granted.
    """
    held: list[dict[str, Any]] = change.record.hidden.get("consents", [])
    for name in (GRANT, REVOKE):
        given = change.payload.get(name)
        if given is None:
            continue
        told = _read(name, given)
        same = [known for known in held if all(known[part] == told[part] for part in _ABOUT)]
        if name == REVOKE and not any(known["is_granted"] for known in same):
            raise ApiError(422, "Consent must be granted before it can be revoked")
        held = [known for known in held if known not in same] + [{**told, "is_granted": name == GRANT}]
        change.record.hidden["consents"] = held


def _read(name: str, given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise ApiError(422, f"Invalid value for attribute: '{name}'")
    for part in _NEEDED[name]:
        if given.get(part) in (None, ""):
            raise ApiError(422, f"Missing required attribute: '{name}.{part}'")
    told = {part: str(given[part]).strip() for part in _NEEDED[name]}
    for part, pattern in _KNOWN.items():
        if not pattern.fullmatch(told[part]):
            raise ApiError(422, f"Invalid value for attribute: '{name}.{part}'")
    try:
        ipaddress.ip_address(told["ip_address"])
    except ValueError:
        raise ApiError(422, f"Invalid value for attribute: '{name}.ip_address'") from None
    return told
