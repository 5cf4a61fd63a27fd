"""An HTTP/1.1 server: one thread per connection, with keep-alive. A fault can cut a connection."""

from __future__ import annotations

import contextlib
import io
import socket
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.types import WSGIApplication

from .control.faults import ConnectionDropped

IDLE_SECONDS = 120
MAX_BODY = 64 * 1024 * 1024
MAX_TRAILERS = 100


class Server(ThreadingMixIn, TCPServer):
    """Serves `application`. It binds the port when created, so `application` can be set later."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    application: WSGIApplication

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)

    @property
    def port(self) -> int:
        """The port it listens on, also if the system picked it."""
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the error, unless the client went away."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def _run(self) -> None:
        body = self._read_body()
        if body is None:
            return
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started.update(status=status, headers=headers)
            return io.BytesIO().write

        try:
            result = self.server.application(self._environ(body), start_response)
            content = b"".join(result)
        except ConnectionDropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(started["status"], started["headers"], content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = _run

    def _read_body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = self.headers.get("Content-Length", "0").strip()
        is_number = length.isascii() and length.isdigit() and len(length) < 19
        if not is_number or int(length) > MAX_BODY:
            self.close_connection = True
            self.send_error(413 if is_number else 400)
            return None
        return self.rfile.read(int(length))

    def _read_chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(1024).split(b";")[0], 16)
            except ValueError:
                size = -1
            if size < 0 or len(body) + size > MAX_BODY:
                self.close_connection = True
                self.send_error(400)
                return None
            body += self.rfile.read(size)
            if size == 0:
                for _ in range(MAX_TRAILERS):
                    if self.rfile.readline(1024) in (b"\r\n", b"\n", b""):
                        return bytes(body)
                self.close_connection = True
                self.send_error(400)
                return None
            self.rfile.readline(1024)

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        if "://" in path:
            with contextlib.suppress(ValueError):
                path = urllib.parse.urlsplit(path).path
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": urllib.parse.unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": str(self.server.server_address[0]),
            "SERVER_PORT": str(self.server.port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": str(self.client_address[0]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            key = "HTTP_" + name.upper().replace("-", "_")
            if key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
                environ[key] = f"{environ[key]}, {value}" if key in environ else value
        return environ

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            # Tell the client, which may otherwise reuse the connection for its next request.
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def version_string(self) -> str:
        """Return the value of the Server header."""
        return "total-expert-sandbox"

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the sandbox has its own request log."""
