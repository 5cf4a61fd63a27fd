"""System checks of settings that would make the portal unsafe."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security, deploy=True)
def check_mail_is_sent(**kwargs: Any) -> list[CheckMessage]:
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return [
            Warning(
                "EMAIL_URL is not set. Emails, including sign-in codes and invitation links, are printed to the log.",
                hint="Set EMAIL_URL, for example to smtp+tls://user:password@mail.example:587.",
                id="portal.W007",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_portal_url_is_https(**kwargs: Any) -> list[CheckMessage]:
    if not settings.PORTAL_URL.startswith("https://"):
        return [
            Error(
                f"PORTAL_URL is {settings.PORTAL_URL}. In production it must start with https://.",
                hint="Session cookies and authorization codes are sent to this URL.",
                id="portal.E003",
            )
        ]
    return []
