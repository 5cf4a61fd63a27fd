"""System checks of the encryption keys."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from portal.encryption import key_status, keys
from portal.encryption.key_status import KeyState, KeyStatus
from portal.encryption.stores import UNREADABLE

#: The tag of checks that read the database. It is not Django's tag `database`, because a worker starts in spite of
#: them: connecting again, which replaces a secret whose key is lost, needs a worker.
TAG = "keys"


@register(Tags.security)
def check_encryption_keys_setting(**kwargs: Any) -> list[CheckMessage]:
    """Check that ``ENCRYPTION_KEYS`` can be parsed."""
    try:
        keys.parse_keys(settings.ENCRYPTION_KEYS)
    except ImproperlyConfigured as error:
        return [Error(str(error), id="portal.E001")]
    return []


@register(TAG)
def check_stored_secrets(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that every key that stored values need is configured, and that no unused key is."""
    if not databases:
        return []
    try:
        statuses = key_status.survey()
    except (DatabaseError, ImproperlyConfigured):  # not migrated yet, or E001
        return []
    return [message for status in statuses if (message := _message_about(status)) is not None]


def _message_about(status: KeyStatus) -> CheckMessage | None:
    if status.id == UNREADABLE and status.values:
        return Error(
            f"Stored secrets that are damaged and can't be decrypted: {status.values}.",
            hint="`manage.py rotate_keys` lists their rows. Enter those credentials again, or connect again.",
            id="portal.E009",
        )
    if status.state == KeyState.MISSING:
        return Error(
            f"Key “{status.id}” is missing from ENCRYPTION_KEYS. Stored secrets that need it: {status.values}.",
            hint="Add the key to the end of ENCRYPTION_KEYS and restart all processes. If it is lost for good, `manage.py "
            "rotate_keys` lists the rows. Connect those again, and use `migrate --skip-checks` until then.",
            id="portal.E008",
        )
    if status.state == KeyState.UNUSED:
        return Info(
            f"Key “{status.id}” in ENCRYPTION_KEYS is no longer used.",
            hint="Remove it and restart all processes. Keep it with the backups that need it.",
            id="portal.I010",
        )
    return None
