"""Environments: which Total Expert server a client calls. Secrets only travel over https."""

import ipaddress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url


@dataclass(frozen=True)
class Environment:
    """A Total Expert environment: its URLs and the body format of its token endpoint.

    `base_url` is everything before the resource, such as ``https://host/v1``; a trailing slash is removed.
    `token_body` is "json", as the vendor documents, or "form" for an environment that only accepts that.

    Raise ValueError for a URL that is not https (http is accepted for this machine only) or that contains a user
    name, a query or a fragment.
    """

    name: str
    base_url: str
    authorize_url: str
    token_body: Literal["json", "form"] = "json"  # noqa: S105

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _validated(self.base_url).rstrip("/"))
        object.__setattr__(self, "authorize_url", _validated(self.authorize_url))

    @property
    def token_url(self) -> str:
        """The URL of the token endpoint."""
        return f"{self.base_url}/token"

    @property
    def origin(self) -> str:
        """Scheme, host and port of the API, without a trailing slash."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


def _validated(url: str) -> str:
    try:
        parts = split_url(url)
    except ValueError as problem:
        raise ValueError(
            f"The environment's URL is invalid. {problem} It should look like https://host/v1."
        ) from None
    host = parts.hostname
    if not host or parts.username is not None or parts.query or parts.fragment:
        raise ValueError(
            "The environment's URL must be a host and a path, without a user name, query or fragment."
        )
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return url
    raise ValueError("The environment's URL must start with https://. Plain http is for this machine only.")


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL. Raise ValueError if the HTTP library would read a different host or port in it.

    urllib.parse, which checks what is allowed, and urllib3, which connects, disagree about backslashes and the like.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError(
            "It must not contain spaces, backslashes, control characters or non-ASCII characters."
        )
    try:
        parts, connected = urlsplit(url), parse_url(url)
        host, port = parts.hostname, parts.port
    except (ValueError, LocationParseError):
        raise ValueError("Its host or port is invalid.") from None
    if ((connected.host or "").strip("[]").lower(), connected.port) != (host or "", port):
        raise ValueError("Its host or port is ambiguous.")
    return parts


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine: localhost, 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


#: The vendor's production environment.
PRODUCTION = Environment(
    name="production",
    base_url="https://public.totalexpert.net/v1",
    authorize_url="https://public.totalexpert.net/v1/authorize",
)
