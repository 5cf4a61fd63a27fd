"""System checks of settings that would make the portal unsafe."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from integrations.total_expert.environment import is_loopback


@register(Tags.security)
def check_demo_is_local(**kwargs: Any) -> list[CheckMessage]:
    host = urlsplit(settings.PORTAL_URL).hostname
    if settings.DEMO and not (is_loopback(host or "") and all(map(is_loopback, settings.ALLOWED_HOSTS))):
        return [
            Error(
                "DEMO is on, but PORTAL_URL or ALLOWED_HOSTS name another machine. The demo lets anybody sign in and read "
                "all mail.",
                hint="Turn DEMO off, or set PORTAL_URL to http://localhost:PORT.",
                id="portal.E002",
            )
        ]
    return []


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
