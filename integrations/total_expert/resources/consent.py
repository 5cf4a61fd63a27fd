"""A contact's consent to phone calls by an AI agent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import invalid

_E164 = re.compile(r"\+1\d{10}", re.ASCII)
PURPOSES = ("marketing", "existing-business")
#: What the vendor's documentation asks for when the consenting person's IP address was not recorded.
UNKNOWN_IP_ADDRESS = "1.1.1.1"


@dataclass(frozen=True, repr=False)
class Consent:
    """A consent as the vendor records it.

    `channel_target` is a US phone number in the form +16125550123. `contact_purpose` is "marketing" or
    "existing-business". `capture_source` states how the consent was obtained, and `consent_language` is the exact
    text that the contact saw. Raise Rejected for a number or purpose that the vendor does not accept.
    """

    channel_target: str
    contact_purpose: str
    capture_source: str
    consent_language: str
    ip_address: str = UNKNOWN_IP_ADDRESS
    communication_agent: str = "agentic-a-i"
    communication_channel: str = "phone"

    def __post_init__(self) -> None:
        if not _E164.fullmatch(self.channel_target):
            raise invalid("The phone number of a consent must look like +16125550123.", code="consent")
        if self.contact_purpose not in PURPOSES:
            raise invalid(f"The purpose of a consent must be one of {', '.join(PURPOSES)}.", code="consent")

    def __repr__(self) -> str:
        return f"Consent(contact_purpose={self.contact_purpose!r})"

    def to_json(self) -> Mapping[str, Any]:
        """Return the properties as they are sent."""
        return dict(vars(self))
