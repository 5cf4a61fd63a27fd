"""Make each code of an authenticator app work only once (RFC 6238, section 5.2).

allauth remembers a used code for one period, but accepts codes of the adjacent periods, too.
"""

import re

from allauth.mfa import app_settings
from django.core.cache import cache

from portal.accounts.models import User


def mark_used(user: User, code: str) -> bool:
    """Mark a code as used, for as long as it is valid. Return False if it was used before."""
    lifetime = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    return cache.add(_cache_key(user, code), "used", timeout=lifetime)


def was_used(user: User, code: str) -> bool:
    """Return whether a code was marked as used, however it is typed."""
    return cache.get(_cache_key(user, code)) is not None


def _cache_key(user: User, code: str) -> str:
    # allauth ignores whatever is between the digits
    return f"second-factor:{user.pk}:{re.sub(r'[^0-9A-Za-z]', '', code)[:64]}"
