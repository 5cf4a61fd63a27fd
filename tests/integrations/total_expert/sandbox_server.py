"""The sandbox in this process, and what tests do with it."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from werkzeug.test import Client as Browser

from integrations.total_expert import Client, Environment
from tests.seeded_sandbox import create_seeded_app
from tests.wsgi_adapter import WSGIAdapter

REDIRECT_URI = "http://localhost:8000/oauth/callback/sandbox/"


class SandboxServer:
    """The sandbox behind an https URL, in this process. `options` are those of `create_app`."""

    environment = Environment("sandbox", "https://te.example/v1", "https://te.example/v1/authorize")
    redirect_uri = REDIRECT_URI

    def __init__(self, **options: Any) -> None:
        defaults = {"organizations": 2, "contacts": 30, "calls_per_minute": 0, "tokens_per_hour": 0}
        self.app = create_seeded_app(redirect_uris=[REDIRECT_URI], **{**defaults, **options})
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
        """Return a client that acts as admin of the organization, unless the options pass another token."""
        if not {"token", "access_token"} & set(options):
            options = {**self.credentials, **options}
        return Client(self.environment, adapter=self.adapter, **options)

    def requests(self, path: str, method: str = "") -> list[dict[str, Any]]:
        """Return the requests that the sandbox received at a path."""
        rows = self.http.get("/_sandbox/requests?since=0").get_json()
        return [row for row in rows if row["path"] == f"/v1{path}" and method in ("", row["method"])]

    def fault(self, *faults: dict[str, Any]) -> None:
        """Make the sandbox fail."""
        assert self.http.post("/_sandbox/faults", json=list(faults)).status_code == 200

    def advance_clock(self, seconds: float) -> None:
        """Move the sandbox's clock forward."""
        assert self.http.post("/_sandbox/clock", json={"advance": seconds}).status_code == 200

    def consent(self, url: str, button: str = "allow") -> dict[str, str]:
        """Sign in as the loan officer at an authorization URL, press a button, and return the redirect's parameters."""
        browser = Browser(self.app)
        parts = urlsplit(url)
        page = browser.get(f"{parts.path}?{parts.query}", follow_redirects=True)
        names = {"username": self.officer["username"], "password": self.officer["password"]}
        page = _press(browser, page, "sign in", names)
        page = page if page.status_code == 200 else browser.get(page.headers["Location"])
        redirect = _press(browser, page, button, {})
        return dict(parse_qsl(urlsplit(redirect.headers["Location"]).query))


class _FormParser(HTMLParser):
    """Collects the forms on a page with their fields and buttons."""

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
    parser = _FormParser()
    parser.feed(page.get_data(as_text=True))
    for form in parser.forms:
        for button in form["buttons"]:
            if text in button["text"].lower():
                pressed = {button["name"]: button["value"]} if button["name"] else {}
                data = {**form["fields"], **fields, **pressed}
                return browser.post(form["action"] or page.request.full_path, data=data)
    raise AssertionError(f"no button {text!r} on {page.request.path}: {page.status_code}")
