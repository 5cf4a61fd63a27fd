"""A forward proxy for tests: calls come out of it from another address of this machine."""

import base64
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

USER, PASSWORD, SOURCE = "bob", "open sesame", "127.0.0.2"


class _Handler(BaseHTTPRequestHandler):
    def _forward(self) -> None:
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Proxy-Authorization") != wanted:
            self.send_error(407)
            return
        parts = urlsplit(self.path)
        assert parts.hostname
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kept = {name: value for name, value in self.headers.items() if not name.startswith("Proxy-")}
        onward = http.client.HTTPConnection(parts.hostname, parts.port, source_address=(SOURCE, 0))
        onward.request(self.command, f"{parts.path}?{parts.query}", body, kept)
        answer = onward.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        onward.close()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _forward

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def forward_proxy() -> Iterator[str]:
    """The address of a running proxy, with its user and password."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{USER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
