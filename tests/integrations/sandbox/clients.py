"""A sandbox in this process, and clients that call it."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from integrations.sandbox import create_app
from integrations.sandbox.app import SandboxApp
from tests.seeded_sandbox import create_seeded_app
from tests.wsgi_adapter import WSGIAdapter

BASE = "https://sandbox.example"
REDIRECT_URI = "http://localhost:8000/oauth/callback/sandbox/"
CEDAR, BLUEWATER = "Cedar Home Lending", "Bluewater Mortgage"


class InProcessSandbox:
    """A sandbox in this process, with its control endpoints."""

    def __init__(self, path: str = ":memory:", **options: Any) -> None:
        defaults: dict[str, Any] = {"contacts": 40, "calls_per_minute": 0, "tokens_per_hour": 0}
        given = {**defaults, **options}
        self.app: SandboxApp = create_seeded_app(**given) if path == ":memory:" else create_app(path, **given)
        self.credentials: dict[str, Any] = self.get_control("credentials")

    def session(self) -> requests.Session:
        """Return a session with its own cookies."""
        session = requests.Session()
        session.mount(BASE, WSGIAdapter(self.app))
        return session

    def get_control(self, name: str) -> Any:
        return self.session().get(f"{BASE}/_sandbox/{name}", timeout=5).json()

    def post_control(self, name: str, body: Any = None) -> Any:
        response = self.session().post(f"{BASE}/_sandbox/{name}", json=body, timeout=5)
        assert response.status_code == 200, response.text
        return response.json()

    @property
    def application(self) -> tuple[str, str]:
        own = self.credentials["application"]
        return own["client_id"], own["client_secret"]

    def organization(self, name: str = CEDAR) -> dict[str, Any]:
        return next(row for row in self.credentials["organizations"] if row["name"] == name)

    def officers(self, name: str = CEDAR) -> list[dict[str, Any]]:
        users = self.organization(name)["users"]
        return [user for user in users if user["active"] and not user["admin"]]

    def token(self, auth: tuple[str, str], **body: str) -> requests.Response:
        return self.session().post(f"{BASE}/v1/token", json=body, auth=auth, timeout=5)

    def admin(self, name: str = CEDAR, scope: str = "") -> "Caller":
        own = self.organization(name)
        requested = {"scope": scope} if scope else {}
        answer = self.token(
            (own["client_id"], own["client_secret"]), grant_type="client_credentials", **requested
        )
        return Caller(self.session(), answer.json()["access_token"])

    def user(self, user: dict[str, Any], scope: str = "leadInteraction") -> "Caller":
        return Caller(self.session(), self.grant(user, scope)["access_token"])

    def grant(self, user: dict[str, Any], scope: str = "leadInteraction") -> dict[str, Any]:
        """Return the token response after a user's consent."""
        code = Browser(self).consent(user, scope=scope)["code"]
        answer = self.token(
            self.application, grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@dataclass
class Caller:
    """A client with a token."""

    session: requests.Session
    token: str

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **arguments.pop("headers", {})}
        return self.session.request(method, f"{BASE}/v1/{path}", headers=headers, timeout=5, **arguments)

    def get(self, path: str, **parameters: Any) -> Any:
        response = self.call("GET", path, params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def items(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return all items of a list, page by page."""
        found: list[dict[str, Any]] = []
        number: int | None = 1
        while number is not None:
            page = self.get(path, **{"page[number]": number, "page[size]": 100, **parameters})
            found += page["items"]
            number = page["links"]["next"]
        return found

    def create(self, path: str, **body: Any) -> requests.Response:
        return self.call("POST", path, json=body)

    def update(self, path: str, **body: Any) -> requests.Response:
        return self.call("PATCH", path, json=body)

    def delete(self, path: str) -> requests.Response:
        return self.call("DELETE", path)


class Browser:
    """A user at the sign-in and consent pages."""

    def __init__(self, sandbox: InProcessSandbox) -> None:
        self.sandbox = sandbox
        self.session = sandbox.session()

    def open(self, **parameters: str | None) -> requests.Response:
        requested = {
            "response_type": "code",
            "client_id": self.sandbox.application[0],
            "scope": "leadInteraction",
            "state": "xyz",
            "redirect_uri": REDIRECT_URI,
            **parameters,
        }
        given = {name: value for name, value in requested.items() if value is not None}
        return self.session.get(f"{BASE}/v1/authorize", params=given, allow_redirects=False, timeout=5)

    def press(self, page: requests.Response, action: str, **fields: str) -> requests.Response:
        found = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert found is not None, page.text
        data = {"csrf": found[1], "action": action, **fields}
        return self.session.post(page.url, data=data, allow_redirects=False, timeout=5)

    def sign_in(self, page: requests.Response, user: dict[str, Any]) -> requests.Response:
        return self.press(page, "sign-in", username=user["username"], password=user["password"])

    def consent(
        self, user: dict[str, Any], action: str = "allow", **parameters: str | None
    ) -> dict[str, str]:
        """Sign in, press a button, and return the parameters of the redirect."""
        return redirect_parameters(self.press(self.sign_in(self.open(**parameters), user), action))


def redirect_parameters(response: requests.Response) -> dict[str, str]:
    """Return the parameters of a redirect to the application."""
    assert response.status_code == 302, response.text
    location = response.headers["Location"]
    assert location.startswith(REDIRECT_URI + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def ada(**more: Any) -> dict[str, Any]:
    """Return the payload of a new contact."""
    return {
        "first_name": "Ada",
        "last_name": "Birch",
        "email": "ada.birch@mail.example",
        "source": "OurSystem",
        **more,
    }
