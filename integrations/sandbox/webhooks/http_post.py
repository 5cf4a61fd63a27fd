"""Posting a webhook to its receiver: bounded in time, without proxies, redirects or anything read from the
answer but its status.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import threading
from urllib.parse import urlsplit

SECONDS = 5.0


def is_loopback(host: str) -> bool:
    """Whether a name or address can only be this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_be_called(url: str) -> bool:
    """Whether an address lies on this machine."""
    return is_loopback(urlsplit(url).hostname or "")


def post(url: str, body: bytes) -> int:
    """Send JSON and return the status of the answer.

    Raises `OSError` or `http.client.HTTPException` where none came within five seconds.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.connect()
        # A socket's timeout starts anew with every byte: an answer that trickles needs a limit of its own.
        limit = threading.Timer(SECONDS, _cut, [connection.sock])
        limit.start()
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"Content-Type": "application/json", "User-Agent": "total-expert-sandbox"}
            connection.request("POST", target, body, headers)
            return connection.getresponse().status
        finally:
            limit.cancel()
    finally:
        connection.close()


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
