"""What each value of the branding may be."""

import re
import unicodedata
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from portal.core import email_addresses
from portal.core import text as texts

COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_is_https = URLValidator(schemes=["https"], message="Enter an address that starts with https://.")


def one_line(text: str) -> str:
    """Return ``text`` on one line, without control characters and characters that change the direction of text."""
    return texts.clean(text)


def validate_name(value: str) -> None:
    """Raise ValidationError unless ``value`` is one line of visible characters."""
    if unicodedata.normalize("NFC", value) != one_line(value):
        raise ValidationError("Enter one line of plain text.")
    if "<" in value or ">" in value:
        # mail clients take angle brackets in a sender's name for an address
        raise ValidationError("A name can't contain < or >.")


def validate_color(value: str) -> None:
    """Raise ValidationError unless ``value`` is written as #rrggbb."""
    if not COLOR.fullmatch(value):
        raise ValidationError("Enter the color as # and six hexadecimal digits, for example #0a6672.")


def validate_privacy_url(value: str) -> None:
    """Raise ValidationError unless ``value`` is an https:// URL."""
    _is_https(value)


#: The field of each value, and what it must pass.
VALIDATORS: dict[str, Callable[[str], None]] = {
    "partner_name": validate_name,
    "product_name": validate_name,
    "accent_color": validate_color,
    "support_email": email_addresses.validate,
    "privacy_url": validate_privacy_url,
}


def is_valid(field: str, value: str) -> bool:
    """Return whether ``value`` may be the value of ``field``."""
    try:
        VALIDATORS[field](value)
    except ValidationError:
        return False
    return True
