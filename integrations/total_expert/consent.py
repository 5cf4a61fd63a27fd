"""What a contact agreed to, or no longer agrees to: calls by an artificial voice."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .queries import invalid

_E164 = re.compile(r"\+1\d{10}", re.ASCII)
PURPOSES = ("marketing", "existing-business")
#: What the vendor wants where the address that consent came from was not kept.
UNKNOWN_ADDRESS = "1.1.1.1"


@dataclass(frozen=True, repr=False)
class Consent:
    """One consent, as the vendor records it.

    `channel_target` is a telephone number of the United States as +16125550123, `contact_purpose` marketing or
    existing-business, `capture_source` how consent came about, `consent_language` the very words that the
    contact saw. Raises Rejected for a number or purpose that the vendor does not take.
    """

    channel_target: str
    contact_purpose: str
    capture_source: str
    consent_language: str
    ip_address: str = UNKNOWN_ADDRESS
    communication_agent: str = "agentic-a-i"
    communication_channel: str = "phone"

    def __post_init__(self) -> None:
        if not _E164.fullmatch(self.channel_target):
            raise invalid("The telephone number of a consent looks like +16125550123.", code="consent")
        if self.contact_purpose not in PURPOSES:
            raise invalid(f"The purpose of a consent is one of {', '.join(PURPOSES)}.", code="consent")

    def __repr__(self) -> str:
        return f"Consent(contact_purpose={self.contact_purpose!r})"

    def as_data(self) -> Mapping[str, Any]:
        """The properties as they are sent."""
        return dict(vars(self))
