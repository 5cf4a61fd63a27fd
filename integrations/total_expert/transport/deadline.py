"""One deadline for a whole exchange: resolve, connect, send, interim responses, headers and body.

The timeouts of the HTTP libraries apply to each read and write on its own. To them, a server that sends one byte now
and then is never too slow.
"""

import http.client
import io
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from urllib3.exceptions import LocationParseError
from urllib3.util.connection import allowed_gai_family

#: The most bytes that are sent between two looks at the clock. A TLS record holds no more.
BLOCK = 16 * 1024


class Deadline:
    """A time after which an exchange is given up."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def limit(self, timeout: float | None) -> float:
        """Return the timeout of one step that may take `timeout` seconds itself. Raise TimeoutError after the deadline."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("The exchange took too long.")
        return left if timeout is None else min(timeout, left)


_current: ContextVar[Deadline] = ContextVar("deadline")


@contextmanager
def begin(seconds: float) -> Iterator[None]:
    """Give the exchange in this block a deadline. Its response keeps it after the block."""
    token = _current.set(Deadline(seconds))
    try:
        yield
    finally:
        _current.reset(token)


def limit(timeout: float | None) -> float:
    """Return the timeout of one step of the current exchange. Raise TimeoutError after its deadline."""
    return _current.get().limit(timeout)


def resolve(host: str, port: int | None) -> list[str]:
    """Return the IP addresses of a host. Raise socket.gaierror, or TimeoutError after the deadline.

    The look-up can't be interrupted, so it runs in a thread that is left behind if it takes too long.
    """
    answer: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            answer.set_result(
                socket.getaddrinfo(host.strip("[]"), port, allowed_gai_family(), socket.SOCK_STREAM)
            )
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=look_up, name="total-expert-resolve", daemon=True).start()
    try:
        found = answer.result(limit(None))
    except UnicodeError:
        raise LocationParseError(f"'{host}', label empty or too long") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class TimedResponse(http.client.HTTPResponse):
    """A response that ends at the deadline of the exchange in which it was created, with all its interim responses."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_TimedSocket(sock, _current.get()), *args, **kwargs)  # type: ignore[arg-type]

    def begin(self) -> None:
        """Read the status and headers."""
        super().begin()
        if self.status < 200:  # 101: what follows is no HTTP
            self.will_close = True

    def _read_status(self) -> tuple[str, int, str]:
        """Return the status line. Every interim response (RFC 9110, section 15.2) counts as 100, which `begin` skips.

        http.client takes a 102 or 103 for the response itself. The real one would be taken for that of the next request.
        """
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, 100 if 101 < status < 200 else status, reason


class _TimedSocket:
    """The one method of a socket that a response uses."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a reader of the socket."""
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))


class _TimedReader(io.RawIOBase):
    """Reads from a socket, each time no longer than until the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline, self._timeout = sock, deadline, sock.gettimeout()
        self._raw: Any = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, or wait for it. Raise TimeoutError."""
        self._sock.settimeout(self._deadline.limit(self._timeout))
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        """Close the reader, which lets the socket close."""
        if not self.closed:
            self._raw.close()
        super().close()
