"""Names of people whose name nobody entered."""

import re


def from_email(address: str) -> str:
    """Return “Maria Lopez” for “maria.lopez@lender.example”. Empty for an address without letters before the @."""
    return " ".join(re.split(r"[._-]+", address.partition("@")[0])).strip().title()
