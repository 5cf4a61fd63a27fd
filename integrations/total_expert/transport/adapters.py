"""The HTTP adapter, which tells a failed TLS handshake from a lost response."""

from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import NewConnectionError


class _Connection(HTTPSConnection):
    """A connection whose failure before the first request is always a NewConnectionError."""

    def connect(self) -> None:
        """Connect, and complete the TLS handshake."""
        try:
            super().connect()
        except OSError as error:  # urllib3 would report it like an error after the request was sent
            raise NewConnectionError(self, f"The TLS handshake failed ({type(error).__name__})") from error


class _ConnectionPool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class ApiAdapter(HTTPAdapter):
    """An adapter on which nothing was sent if a request fails with NewConnectionError."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the pool manager."""
        super().init_poolmanager(*args, **kwargs)
        _use_connection(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> ProxyManager:
        """Return the pool manager for a proxy."""
        manager: ProxyManager = super().proxy_manager_for(*args, **kwargs)
        _use_connection(manager)
        return manager


def _use_connection(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": _ConnectionPool}
