"""System checks: settings that would be unsafe or useless stop the start, with a sentence."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from integrations.total_expert.environment import is_loopback
from portal import clock, secrets


@register(Tags.security)
def keys_can_be_read(**kwargs: Any) -> list[CheckMessage]:
    try:
        secrets.parse_keys(settings.ENCRYPTION_KEYS)
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="portal.E001")]
    return []


@register(Tags.security)
def demo_stays_on_this_machine(**kwargs: Any) -> list[CheckMessage]:
    host = urlsplit(settings.PORTAL_URL).hostname
    if settings.DEMO and not (is_loopback(host or "") and all(map(is_loopback, settings.ALLOWED_HOSTS))):
        return [
            Error(
                "DEMO is on, but PORTAL_URL or ALLOWED_HOSTS name something else than this machine. The demo signs anybody "
                "in and shows all mail.",
                hint="Take DEMO out of the environment, or set PORTAL_URL to http://localhost:PORT.",
                id="portal.E002",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def public_address_is_https(**kwargs: Any) -> list[CheckMessage]:
    if not settings.PORTAL_URL.startswith("https://"):
        return [
            Error(
                f"PORTAL_URL is {settings.PORTAL_URL}: in production it must start with https://.",
                hint="Total Expert sends people back to it with a code, and cookies travel to it.",
                id="portal.E003",
            )
        ]
    return []


@register(Tags.database)
def clock_is_not_moved(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """With a moved clock tokens die early and budgets are counted wrongly; only the demo and tests may move it."""
    if settings.DEMO or not databases:
        return []
    try:
        moved = clock.offset()
    except DatabaseError:  # not migrated yet
        return []
    if moved:
        return [
            Error(
                f"The clock is {moved:.0f} s ahead of the database's. Delete the row of portal_clockoffset.",
                id="portal.E004",
            )
        ]
    return []
