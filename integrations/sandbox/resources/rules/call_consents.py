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
_KEY_PARTS = ("communication_agent", "communication_channel", "channel_target", "contact_purpose")
_REQUIRED = {
    GRANT: (*_KEY_PARTS, "capture_source", "consent_language", "ip_address"),
    REVOKE: (*_KEY_PARTS, "consent_language", "ip_address"),
}
_PATTERNS = {
    "communication_agent": re.compile("agentic-a-i"),
    "communication_channel": re.compile("phone"),
    "channel_target": re.compile(r"\+1[0-9]{10}"),
    "contact_purpose": re.compile("marketing|existing-business"),
}


def apply(change: Change) -> None:
    """Store the consents that a write grants or revokes.

    Raise `ApiError` (422) for an incomplete consent, and for revoking one that was never granted.
    """
    consents: list[dict[str, Any]] = change.record.hidden.get("consents", [])
    for name in (GRANT, REVOKE):
        given = change.payload.get(name)
        if given is None:
            continue
        consent = _read(name, given)
        same = [known for known in consents if all(known[part] == consent[part] for part in _KEY_PARTS)]
        if name == REVOKE and not any(known["is_granted"] for known in same):
            raise ApiError(422, "Consent must be granted before it can be revoked")
        consents = [known for known in consents if known not in same] + [
            {**consent, "is_granted": name == GRANT}
        ]
        change.record.hidden["consents"] = consents


def _read(name: str, given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise ApiError(422, f"Invalid value for attribute: '{name}'")
    for part in _REQUIRED[name]:
        if given.get(part) in (None, ""):
            raise ApiError(422, f"Missing required attribute: '{name}.{part}'")
    consent = {part: str(given[part]).strip() for part in _REQUIRED[name]}
    for part, pattern in _PATTERNS.items():
        if not pattern.fullmatch(consent[part]):
            raise ApiError(422, f"Invalid value for attribute: '{name}.{part}'")
    try:
        ipaddress.ip_address(consent["ip_address"])
    except ValueError:
        raise ApiError(422, f"Invalid value for attribute: '{name}.ip_address'") from None
    return consent
