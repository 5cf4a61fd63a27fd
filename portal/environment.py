"""The environment that settings are read from. A secret may come as NAME_FILE, the path of a file that holds it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from integrations.total_expert.environment import is_loopback


class SecretFiles(environ.FileAwareMapping):
    """Environment variables and files, which often end in a line break that is not part of the secret."""

    def __getitem__(self, name: str) -> Any:
        try:
            return super().__getitem__(name).strip("\ufeff \t\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(
                f"The file that {name}_FILE names can't be read ({type(error).__name__}). Check its path and permissions."
            ) from None


class Environment(environ.Env):
    """django-environ's reader with `SecretFiles`."""

    ENVIRON = SecretFiles()


def require_loopback(switch: str, *, portal_url: str, allowed_hosts: Iterable[str]) -> None:
    """Raise ImproperlyConfigured if DEMO or DEBUG (``switch``) is on while other machines may open the portal."""
    host = urlsplit(portal_url).hostname or ""
    if is_loopback(host) and all(is_loopback(name.strip("[]").lower()) for name in allowed_hosts):
        return
    reason = {
        "DEMO": "The demo lets anybody sign in and read all mail.",
        "DEBUG": "Error pages would show file paths and settings.",
    }[switch]
    raise ImproperlyConfigured(
        f"{switch} is on, but PORTAL_URL or ALLOWED_HOSTS name another machine. {reason} Turn {switch} off, or set "
        "PORTAL_URL to http://localhost:8000 and remove ALLOWED_HOSTS."
    )
