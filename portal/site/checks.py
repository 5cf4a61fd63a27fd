"""System checks: settings that would be unsafe or useless stop the start, with a sentence."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from integrations.total_expert.environment import is_loopback
from portal.core import clock
from portal.encryption import fields, status
from portal.encryption.places import UNREADABLE
from portal.encryption.status import KeyState, Stand


@register(Tags.security)
def keys_can_be_read(**kwargs: Any) -> list[CheckMessage]:
    try:
        fields.parse_keys(settings.ENCRYPTION_KEYS)
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
def mail_is_sent(**kwargs: Any) -> list[CheckMessage]:
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return [
            Warning(
                "EMAIL_URL is not set: mails, with sign-in codes and links of invitations, are printed into the log.",
                hint="Set EMAIL_URL, for example to smtp+tls://user:password@mail.example:587.",
                id="portal.W007",
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


@register(Tags.security)
def single_sign_on_is_complete(**kwargs: Any) -> list[CheckMessage]:
    """A provider without its counterpart would fail at the first click; one for everybody would let strangers vouch."""
    if not settings.OIDC_ISSUER:
        return []
    found: list[CheckMessage] = []
    needed = ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ALLOWED")
    missing = [name for name in needed if not getattr(settings, name)]
    if missing:
        found.append(
            Error(
                f"OIDC_ISSUER is set, but {' and '.join(missing)} not.",
                hint="Set them, or take OIDC_ISSUER out to switch single sign-on off.",
                id="portal.E005",
            )
        )
    parts = urlsplit(settings.OIDC_ISSUER)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        found.append(
            Error(
                "OIDC_ISSUER does not start with https://: anybody on the way could sign in as anybody.",
                hint="Take the issuer's address from your provider's documents.",
                id="portal.E006",
            )
        )
    return found


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


@register(status.TAG)
def stored_secrets_can_be_opened(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Every key that stored values need is configured, and none that nothing needs. Reads how values begin, only."""
    if not databases:
        return []
    try:
        states = status.survey()
    except (DatabaseError, ImproperlyConfigured):  # not migrated yet; keys that can't be read are said above
        return []
    return [message for state in states if (message := _about(state)) is not None]


def _about(state: KeyState) -> CheckMessage | None:
    if state.id == UNREADABLE and state.values:
        return Error(
            f"Stored secrets that no version of the portal reads: {state.values}. They were damaged.",
            hint="`manage.py rotate_keys` names their rows. Enter those credentials again, or connect again.",
            id="portal.E009",
        )
    if state.stand == Stand.MISSING:
        return Error(
            f"Stored secrets that were sealed with key “{state.id}”, which is not in ENCRYPTION_KEYS: {state.values}. "
            "What needs them does not work.",
            hint="Add the key again, as the last, and restart all processes. If it is lost for good, `manage.py "
            "rotate_keys` names the rows: connect those again, and `migrate --skip-checks` until then.",
            id="portal.E008",
        )
    if state.stand == Stand.UNUSED:
        return Info(
            f"Nothing is sealed with key “{state.id}” any more.",
            hint="Take it out of ENCRYPTION_KEYS and restart all processes. Keep it with the backups that need it.",
            id="portal.I010",
        )
    return None
