"""Email addresses that people type."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email


def validate(address: str) -> None:
    """Raise ValidationError unless ``address`` is an email address that a mail's headers can contain.

    Django accepts control characters between quotes, as RFC 5322 does. Some of them break lines in headers.
    """
    validate_email(address)
    if not address.isprintable():
        raise ValidationError("Enter a valid email address.", code="invalid")
