"""A server on this machine that sends exactly the bytes that a test scripts."""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable
from typing import Any

from integrations.total_expert import Client, Environment


class ScriptedServer:
    """Answers one connection after the other with the next scripted bytes, then closes the connection.

    None closes it without a response; a callable gets the socket.
    """

    def __init__(self) -> None:
        self.answers: list[bytes | None | Callable[[socket.socket], None]] = []
        self.received: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.environment = Environment(
            "scripted", f"http://127.0.0.1:{port}/v1", f"http://127.0.0.1:{port}/v1/authorize"
        )
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def answer(self, *answers: bytes | None | Callable[[socket.socket], None]) -> None:
        """Add the answers to the next connections."""
        self.answers.extend(answers)

    def client(self, **options: Any) -> Client:
        """Return a client with a token, which doesn't pause between retries."""
        return Client(
            self.environment, **{"token": lambda: "a-token", "sleep": lambda seconds: None, **options}
        )

    def close(self) -> None:
        """Stop listening. Calling it again does nothing."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # close() alone would not wake the thread
        self._listener.close()
        self._thread.join(60)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.received.append(self._read(connection))
                answer = self.answers.pop(0) if self.answers else None
                if callable(answer):
                    answer(connection)
                elif answer is not None:
                    connection.sendall(answer)

    def _read(self, connection: socket.socket) -> bytes:
        return read_request(connection)


def read_request(connection: socket.socket) -> bytes:
    """Return the bytes of a request, including its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]):
        chunk = connection.recv(65536)
        if not chunk:
            break
        body += chunk
    return head + b"\r\n\r\n" + body


def http_response(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """Return the bytes of a response. `length` is the Content-Length, if it is not the real one."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def sent(server: ScriptedServer, number: int = 0) -> tuple[str, Any]:
    """Return the request line, without the HTTP version, and the JSON of a request that the server received."""
    head, _, body = server.received[number].partition(b"\r\n\r\n")
    return head.split(b" HTTP")[0].decode(), json.loads(body) if body else None
