"""The HTTP adapter, which gives every exchange a deadline and tells a failed TLS handshake from a lost response."""

import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from . import deadline


class _Timed(HTTPConnection):
    """A connection each of whose steps ends at the deadline of the current exchange."""

    response_class = deadline.TimedResponse

    def _new_conn(self) -> socket.socket:
        try:
            addresses = deadline.resolve(self._dns_host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise NewConnectionError(self, f"The look-up of {self.host} took too long") from error
        failed: OSError = OSError("no address")
        for address in addresses:
            try:
                found = create_connection(
                    (address, self.port),
                    deadline.limit(_seconds(self.timeout)),
                    source_address=self.source_address,
                    socket_options=self.socket_options,
                )
                # The TLS handshake has a total timeout itself: that of the socket.
                found.settimeout(deadline.limit(_seconds(self.timeout)))
                return found
            except OSError as error:
                failed = error
        raise NewConnectionError(self, f"Failed to establish a new connection: {failed}") from failed

    def send(self, data: Any) -> None:
        """Send bytes, in blocks between which the clock is looked at."""
        if not isinstance(data, bytes):
            raise TypeError("Only bytes can be sent before a deadline.")
        if self.sock is None:
            self.connect()
        assert self.sock is not None
        for start in range(0, len(data), deadline.BLOCK):
            self.sock.settimeout(deadline.limit(_seconds(self.timeout)))
            super().send(data[start : start + deadline.BLOCK])


class _TimedHTTPS(_Timed, HTTPSConnection):
    """A connection whose failure before the first request is always a NewConnectionError."""

    def connect(self) -> None:
        """Connect, and complete the TLS handshake."""
        try:
            super().connect()
        except OSError as error:  # urllib3 would report it like an error after the request was sent
            raise NewConnectionError(self, f"The TLS handshake failed ({type(error).__name__})") from error


def _seconds(timeout: Any) -> float | None:
    """Return a connection's timeout. None means that it has none of its own."""
    return float(timeout) if isinstance(timeout, int | float) else None


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Timed


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPS


class ApiAdapter(HTTPAdapter):
    """An adapter on which each exchange ends within `seconds`, counted from `send` to the end of the response's body.

    If a request fails with NewConnectionError, nothing was sent.
    """

    def __init__(self, *, seconds: float, pool_size: int) -> None:
        self._seconds = seconds
        super().__init__(pool_connections=1, pool_maxsize=pool_size)

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request. Raise the exceptions of requests."""
        with deadline.begin(self._seconds):
            return super().send(*args, **kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the pool manager."""
        super().init_poolmanager(*args, **kwargs)
        _use_connections(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> ProxyManager:
        """Return the pool manager for a proxy."""
        manager: ProxyManager = super().proxy_manager_for(*args, **kwargs)
        _use_connections(manager)
        return manager


def _use_connections(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
