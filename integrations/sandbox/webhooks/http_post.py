"""Posting a webhook: limited in time, without proxies or redirects, reading only the status of the response."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from urllib.parse import urlsplit

SECONDS = 5.0


def post(url: str, body: bytes) -> int:
    """Post JSON and return the status of the response.

    Raise `OSError` or `http.client.HTTPException` if there is none within five seconds.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.connect()
        # The socket's timeout restarts with every byte, so a slow response needs a deadline as well.
        deadline = threading.Timer(SECONDS, _cut, [connection.sock])
        deadline.start()
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"Content-Type": "application/json", "User-Agent": "total-expert-sandbox"}
            connection.request("POST", target, body, headers)
            return connection.getresponse().status
        finally:
            deadline.cancel()
    finally:
        connection.close()


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
