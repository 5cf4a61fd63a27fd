"""An emulator in this process and a server that answers with exactly the bytes a test wants."""

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import Client as Browser

from integrations.sandbox import create_app
from integrations.total_expert import Client, Environment
from tests.wsgi_adapter import WSGIAdapter

REDIRECT_URI = "http://localhost:8000/oauth/callback/"


class Emulator:
    """A Total Expert in this process, behind an https address."""

    environment = Environment("emulator", "https://te.example/v1", "https://te.example/v1/authorize")
    redirect_uri = REDIRECT_URI

    def __init__(self, **options: Any) -> None:
        defaults = {"organizations": 2, "contacts": 30, "calls_per_minute": 0, "tokens_per_hour": 0}
        self.app = create_app(":memory:", redirect_uris=[REDIRECT_URI], **{**defaults, **options})
        self.adapter = WSGIAdapter(self.app)
        self.http = Browser(self.app)
        credentials = self.http.get("/_sandbox/credentials").get_json()
        self.application = credentials["application"]
        self.organization = credentials["organizations"][0]
        self.other_organization = credentials["organizations"][1]
        self.officer = next(user for user in self.organization["users"] if not user["admin"])

    @property
    def credentials(self) -> dict[str, Any]:
        """The client id and secret of an organization."""
        return {name: self.organization[name] for name in ("client_id", "client_secret")}

    @property
    def application_credentials(self) -> dict[str, Any]:
        """The client id and secret of the partner's application."""
        return {name: self.application[name] for name in ("client_id", "client_secret")}

    def client(self, **options: Any) -> Client:
        """A client that acts as admin of the organization, or as the options say."""
        if not {"token", "access_token"} & set(options):
            options = {**self.credentials, **options}
        return Client(self.environment, adapter=self.adapter, **options)

    def requests(self, path: str, method: str = "") -> list[dict[str, Any]]:
        """What the emulator was asked at a path."""
        rows = self.http.get("/_sandbox/requests?since=0").get_json()
        return [row for row in rows if row["path"] == f"/v1{path}" and method in ("", row["method"])]

    def fault(self, *faults: dict[str, Any]) -> None:
        """Make it go wrong."""
        assert self.http.post("/_sandbox/faults", json=list(faults)).status_code == 200

    def pass_time(self, seconds: float) -> None:
        """Move its clock."""
        assert self.http.post("/_sandbox/clock", json={"advance": seconds}).status_code == 200

    def consent(self, address: str, button: str = "allow") -> dict[str, str]:
        """Sign in as the officer at the address and press a button; what comes back in the return address."""
        browser = Browser(self.app)
        parts = urlsplit(address)
        page = browser.get(f"{parts.path}?{parts.query}", follow_redirects=True)
        names = {"username": self.officer["username"], "password": self.officer["password"]}
        page = _press(browser, page, "sign in", names)
        page = page if page.status_code == 200 else browser.get(page.headers["Location"])
        answer = _press(browser, page, button, {})
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


class _Form(HTMLParser):
    """The fields and buttons of the forms on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._button: dict[str, Any] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.forms.append({"action": found.get("action"), "fields": {}, "buttons": []})
        elif tag == "input" and found.get("name") and self.forms:
            self.forms[-1]["fields"][found["name"]] = found.get("value") or ""
        elif tag == "button" and self.forms:
            self._button = {"name": found.get("name"), "value": found.get("value"), "text": ""}
            self.forms[-1]["buttons"].append(self._button)

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button["text"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._button = None


def _press(browser: Browser, page: Any, text: str, fields: dict[str, str]) -> Any:
    parser = _Form()
    parser.feed(page.get_data(as_text=True))
    for form in parser.forms:
        for button in form["buttons"]:
            if text in button["text"].lower():
                chosen = {button["name"]: button["value"]} if button["name"] else {}
                data = {**form["fields"], **fields, **chosen}
                return browser.post(form["action"] or page.request.full_path, data=data)
    raise AssertionError(f"no button {text!r} on {page.request.path}: {page.status_code}")


class Scripted:
    """A server on this machine that answers each connection with given bytes, one after the other, then closes it.

    None closes it without an answer; a callable gets the socket.
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
        """Queue what the next connections are answered with."""
        self.answers.extend(answers)

    def client(self, **options: Any) -> Client:
        """A client with a token of its own, which never waits."""
        return Client(
            self.environment, **{"token": lambda: "a-token", "sleep": lambda seconds: None, **options}
        )

    def close(self) -> None:
        """Stop listening. A second time does nothing."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone would not wake the thread
        self._listener.close()
        self._thread.join(60)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.received.append(_read_request(connection))
                answer = self.answers.pop(0) if self.answers else None
                if callable(answer):
                    answer(connection)
                elif answer is not None:
                    connection.sendall(answer)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def emulator() -> Emulator:
    """A Total Expert in this process, without limits."""
    return Emulator()


@pytest.fixture
def make_emulator() -> type[Emulator]:
    """To make one with options: contacts, tokens_per_hour, …"""
    return Emulator


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """A server that answers with the bytes a test wants."""
    server = Scripted()
    yield server
    server.close()
