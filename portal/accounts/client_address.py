"""The IP address of the client, behind as many trusted proxies as the settings say."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

#: An address as proxies write it: alone, or with a port, IPv6 addresses in brackets where a port may follow.
_WRITTEN = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}|([^\[\]]+)")


def client_address(request: HttpRequest) -> str | None:
    """Return the address that the first trusted proxy saw, or without proxies that of the connection.

    Return None if ``X-Forwarded-For`` has fewer entries than there are trusted proxies, or no address where one must be.
    """
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if not proxies:
        return parse(request.META.get("REMOTE_ADDR", ""))
    entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return parse(entries[-proxies]) if len(entries) >= proxies else None


def parse(written: str) -> str | None:
    """Return the IP address in ``written`` without port and scope, or None if there is none."""
    found = _WRITTEN.fullmatch(written.strip())
    if found is None:
        return None
    try:
        return str(ipaddress.ip_address((found[1] or found[2] or found[3]).partition("%")[0]))
    except ValueError:
        return None
