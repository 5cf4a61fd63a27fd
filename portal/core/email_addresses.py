"""Email addresses that people type or paste, in the one form in which the portal stores and compares them."""

from typing import Any

import email_validator
from django import forms
from django.core.exceptions import ValidationError

from portal.core import text

INVALID = "Enter a valid email address."
#: An address has at most 254 characters. More is not worth reading.
_LONGEST_TYPED = 1000


def normalize(address: str) -> str:
    """Return ``address`` as it is stored: in lower case, in ASCII, without invisible characters.

    A domain in another script is written in its ASCII form, so that every mail server gets the domain that was meant.
    Raise ValidationError for an address that can't be mailed.
    """
    if len(address) > _LONGEST_TYPED:
        raise ValidationError(INVALID, code="invalid")
    try:
        found = email_validator.validate_email(
            text.without_joiners(text.visible(address)),
            check_deliverability=False,
            allow_smtputf8=False,
            strict=True,
        )
    except email_validator.EmailNotValidError:
        raise ValidationError(INVALID, code="invalid") from None
    assert found.ascii_email is not None
    return found.ascii_email.lower()


def typed(address: str) -> str:
    """Return an address for comparing it with stored ones. One that is not valid is only put in lower case."""
    try:
        return normalize(address)
    except ValidationError:
        return text.clean(address).lower()


def validate(address: str) -> None:
    """Raise ValidationError unless ``address`` can be mailed."""
    normalize(address)


class EmailField(forms.EmailField):
    """An email address, cleaned as `normalize` does."""

    default_validators = []  # Django's accepts addresses that can't be mailed

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": "Email", **kwargs})

    def to_python(self, value: Any) -> str:
        """Return the address in the form in which it is stored. Raise ValidationError for one that can't be mailed."""
        address = text.visible(super().to_python(value) or "")
        return normalize(address) if address not in self.empty_values else ""
