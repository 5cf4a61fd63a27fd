"""Environments: which Total Expert a client talks to, and the rule that secrets travel encrypted."""

import ipaddress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url


@dataclass(frozen=True)
class Environment:
    """One world of Total Expert: its addresses, and how its token endpoint wants to be asked.

    `base_url` is everything before a resource, e.g. ``https://host/v1``; a slash at its end is dropped.
    `token_body` is "json", as documented, or "form" where an environment only takes that. Raises ValueError
    for an address that is not https, unless it is http on this machine, or that carries a user name, a query
    or a fragment.
    """

    name: str
    base_url: str
    authorize_url: str
    token_body: Literal["json", "form"] = "json"  # noqa: S105

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _check(self.base_url).rstrip("/"))
        object.__setattr__(self, "authorize_url", _check(self.authorize_url))

    @property
    def token_url(self) -> str:
        """Where tokens are asked for."""
        return f"{self.base_url}/token"

    @property
    def origin(self) -> str:
        """Scheme, host and port of the API, without a slash at the end."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


def _check(url: str) -> str:
    try:
        parts = read_address(url)
    except ValueError as problem:
        raise ValueError(
            f"An environment's address can't be read. {problem} It looks like https://host/v1."
        ) from None
    host = parts.hostname
    if not host or parts.username is not None or parts.query or parts.fragment:
        raise ValueError("An environment's address is a host and a path: no user name, query or fragment.")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return url
    raise ValueError("An environment's address starts with https://. Plain http is only for this machine.")


def read_address(url: str) -> SplitResult:
    """An address in its parts. Raises ValueError unless whoever calls it reads the same host and port there.

    The standard library and urllib3 disagree about backslashes and the like, and only one of them is asked what is
    allowed.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("It may hold no spaces, backslashes, control or non-ASCII characters.")
    try:
        parts, called = urlsplit(url), parse_url(url)
        host, port = parts.hostname, parts.port
    except (ValueError, LocationParseError):
        raise ValueError("Its host or port can't be read.") from None
    if ((called.host or "").strip("[]").lower(), called.port) != (host or "", port):
        raise ValueError("Its host or port can be read in two ways.")
    return parts


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine: localhost, 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


#: The vendor's production world.
PRODUCTION = Environment(
    name="production",
    base_url="https://public.totalexpert.net/v1",
    authorize_url="https://public.totalexpert.net/v1/authorize",
)
