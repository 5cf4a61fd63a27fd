"""System checks of the single sign-on settings."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from integrations.total_expert.environment import is_loopback


@register(Tags.security)
def check_single_sign_on(**kwargs: Any) -> list[CheckMessage]:
    """Check that a configured provider can work, and that it is limited to certain addresses or domains."""
    if not settings.OIDC_ISSUER:
        return []
    found: list[CheckMessage] = []
    needed = ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ALLOWED")
    missing = [name for name in needed if not getattr(settings, name)]
    if missing:
        found.append(
            Error(
                f"OIDC_ISSUER is set, but {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not.",
                hint="Set them, or remove OIDC_ISSUER to turn single sign-on off.",
                id="portal.E005",
            )
        )
    parts = urlsplit(settings.OIDC_ISSUER)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        found.append(
            Error(
                "OIDC_ISSUER must start with https://. Without TLS, an attacker on the network could sign in as anybody.",
                hint="Copy the issuer URL from your provider's documentation.",
                id="portal.E006",
            )
        )
    return found
