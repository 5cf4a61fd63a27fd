"""Receivers of webhooks: one in this process, one behind a real port."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class Receiver:
    """A receiver in this process, which keeps every message and returns a status, or fails."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.is_down = False
        self.messages: list[dict[str, Any]] = []
        self.urls: list[str] = []

    def __call__(self, url: str, body: bytes) -> int:
        if self.is_down:
            raise ConnectionRefusedError
        self.urls.append(url)
        self.messages.append(json.loads(body))
        return self.status


class ReceivingServer:
    """An HTTP server on loopback that keeps every message. `statuses` are its first responses; later ones are 200."""

    def __init__(self, *statuses: int, location: str = "") -> None:
        self.messages: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.arrived = threading.Semaphore(0)
        answers = list(statuses)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.messages.append(json.loads(body))
                outer.headers.append(dict(self.headers.items()))
                outer.paths.append(self.path)
                self.send_response(answers.pop(0) if answers else 200)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()
                outer.arrived.release()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks/total-expert?from=sandbox"

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Wait for a number of messages and return them."""
        while len(self.messages) < count:
            assert self.arrived.acquire(timeout=120), f"{len(self.messages)} of {count} messages arrived"
        return self.messages

    def __enter__(self) -> "ReceivingServer":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
