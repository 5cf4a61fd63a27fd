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


def public_origin(portal_url: str) -> str:
    """Return PORTAL_URL as browsers write an origin: in lower case, without a final slash or the default port.

    Raise ImproperlyConfigured if it is anything else than an origin: links, cookies and passkeys are made from it.
    """
    try:
        parts = urlsplit(portal_url.strip())
        host, port = parts.hostname or "", parts.port
        is_origin = parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        host, is_origin = "", False
    if not is_origin or parts.scheme not in ("http", "https") or not host.isascii() or not host:
        raise ImproperlyConfigured(
            "PORTAL_URL must be a scheme and a host without a path, such as https://portal.example.com. "
            "The portal can't run below a path."
        )
    name = f"[{host}]" if ":" in host else host
    is_default = port in (None, {"http": 80, "https": 443}[parts.scheme])
    return f"{parts.scheme}://{name}" + ("" if is_default else f":{port}")


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
