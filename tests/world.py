"""A world for tests: a sandbox in this process, and the portal's rows that go with it."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from werkzeug.test import Client as WsgiClient

from integrations.connections import installations
from integrations.connections.client import client_for
from integrations.connections.grants import admission, client_credentials, consent
from integrations.connections.models import Connection, Environment
from integrations.sandbox import create_app
from integrations.sandbox.app import SandboxApp
from portal.accounts.models import User
from portal.core import clock
from portal.demo.visitor import _Forms
from portal.organizations.models import Membership, Organization
from tests import snapshots
from tests.portal.people import with_app
from tests.seeded_sandbox import create_seeded_app
from tests.wsgi_adapter import WSGIAdapter

#: The secret of the browser session in which everybody here consents.
SESSION = "a-session-secret"
BASE = "https://sandbox.example"
CEDAR, BLUEWATER = "Cedar Home Lending", "Bluewater Mortgage"


class Sandbox:
    """The emulator in this process, with its control endpoints."""

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "organizations": 2,
            "contacts": 30,
            "calls_per_minute": 0,
            "tokens_per_hour": 0,
        }
        self._options: dict[str, Any] = {
            "redirect_uris": ["http://localhost:8000/oauth/callback/sandbox/"],
            **defaults,
            **options,
        }
        self.adapter = WSGIAdapter(None)
        self._use(create_seeded_app(**self._options))
        self.credentials: dict[str, Any] = self.http.get("/_sandbox/credentials").get_json()
        self._changes_at_start = self.changes()

    def _use(self, app: SandboxApp) -> None:
        self.app = self.adapter.app = app
        self.http = WsgiClient(app)

    @property
    def name(self) -> str:
        """What tells this sandbox apart from others that were just made."""
        return repr((self._options, self.credentials))

    def changes(self) -> int:
        """How many rows it has written."""
        with self.app.sandbox.database.raw_connection() as connection:
            return connection.total_changes

    def is_new(self) -> bool:
        return self.changes() == self._changes_at_start

    def content(self) -> bytes:
        """Everything it holds."""
        with self.app.sandbox.database.raw_connection() as connection:
            return connection.serialize()

    def open(self, content: bytes) -> None:
        """Hold what another sandbox held."""
        self._use(create_app(":memory:", content=content, **self._options))

    def organization(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(row for row in self.credentials["organizations"] if row["name"] == name)
        return found

    def officers(self, name: str) -> list[dict[str, Any]]:
        return [user for user in self.organization(name)["users"] if not user["admin"]]

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """The request log, of one path if given."""
        rows = self.http.get("/_sandbox/requests?since=0").get_json()
        return [row for row in rows if not path or row["path"] == path]

    def faults(self, *faults: dict[str, Any]) -> None:
        assert self.http.post("/_sandbox/faults", json=list(faults)).status_code == 200

    def pass_time(self, seconds: float) -> None:
        """Move the sandbox's clock and the portal's together."""
        self.http.post("/_sandbox/clock", json={"advance": seconds})
        clock.advance(seconds)

    def consent(self, address: str, user: dict[str, Any], button: str = "Allow") -> dict[str, str]:
        """Sign in at the sandbox's own pages and press a button. Answers what it sends back in the address."""
        browser = WsgiClient(self.app)
        parts = urlsplit(address)
        page = browser.get(f"{parts.path}?{parts.query}", follow_redirects=True)
        page = self._press(browser, page, "Sign in", username=user["username"], password=user["password"])
        answer = self._press(browser, page, button, follow=False)
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def _press(self, browser: WsgiClient, page: Any, text: str, *, follow: bool = True, **values: str) -> Any:
        parser = _Forms()
        parser.feed(page.get_data(as_text=True))
        for form in parser.forms:
            for name, value, _, label in form.buttons:
                if text in label:
                    data = {**form.values, **values, **({name: value} if name else {})}
                    action = form.action or page.request.full_path
                    return browser.post(action, data=data, follow_redirects=follow)
        raise AssertionError(f"no button {text!r} in {page.get_data(as_text=True)[:2000]}")


class World:
    """An environment that leads to the sandbox, organizations in it, and people in those."""

    def __init__(self, sandbox: Sandbox, *, tokens_per_hour: int = 0) -> None:
        self.sandbox = sandbox
        self.environment, self.operator = snapshots.once(
            ("world", tokens_per_hour), lambda: self._build(tokens_per_hour), sandbox=sandbox
        )

    def _build(self, tokens_per_hour: int) -> tuple[Environment, User]:
        environment = Environment.objects.create(
            name="sandbox",
            label="Sandbox",
            base_url=f"{BASE}/v1",
            authorize_url=f"{BASE}/v1/authorize",
            calls_per_minute=0,
            tokens_per_hour=tokens_per_hour,
        )
        application = self.sandbox.credentials["application"]
        client_credentials.set_application(
            environment=environment,
            client_id=application["client_id"],
            client_secret=application["client_secret"],
            scopes="leadInteraction getUsers describeSchema",
            actor=None,
        )
        operator = User.objects.create_superuser("operator@partner.example", name="Olivia Park")
        with_app(operator)
        return environment, operator

    def organization(self, name: str = CEDAR) -> Organization:
        slug = name.lower().replace(" ", "-").replace("&", "and")
        row, _ = Organization.objects.get_or_create(
            name=name, defaults={"slug": slug, "created_at": clock.now()}
        )
        return row

    def member(self, role: str, organization: str = CEDAR) -> User:
        return snapshots.once(
            ("member", role, organization), lambda: self._join(role, organization), sandbox=self.sandbox
        )

    def _join(self, role: str, organization: str) -> User:
        user = User.objects.create_user(
            f"{role}{User.objects.count()}@{organization.split()[0].lower()}.example", name=role.title()
        )
        Membership.objects.create(
            user=user, organization=self.organization(organization), role=role, created_at=clock.now()
        )
        return user

    def propose(self, name: str = CEDAR, **wrong: str) -> Connection:
        """The operator pasted an organization's credentials; nobody has tried them yet."""
        theirs = self.sandbox.organization(name)
        return client_credentials.propose(
            installation=installations.get_or_create(self.organization(name), self.environment),
            client_id=wrong.get("client_id", theirs["client_id"]),
            client_secret=wrong.get("client_secret", theirs["client_secret"]),
            actor=self.operator,
        )

    def connected(self, name: str = CEDAR) -> Connection:
        """A connection by client credentials that was granted."""
        return snapshots.once(("connected", name), lambda: self._connect(name), sandbox=self.sandbox)

    def _connect(self, name: str) -> Connection:
        connection = self.propose(name)
        client_credentials.activate_candidate(connection)
        return connection

    def token_requests(self) -> int:
        """How many token requests the sandbox got."""
        return len(self.sandbox.requests("/v1/token"))

    def begin(self, user: User, name: str = CEDAR) -> str:
        """A person presses Continue to Total Expert. Answers where they are sent."""
        installation = installations.get_or_create(self.organization(name), self.environment)
        return consent.begin(installation=installation, user=user, session=SESSION)

    def come_back(
        self, user: User, button: str = "Allow", name: str = CEDAR, officer: int = 0
    ) -> consent.AuthorizationResponse:
        """... and comes back from the sandbox's own pages as one of its officers."""
        answer = self.sandbox.consent(self.begin(user, name), self.sandbox.officers(name)[officer], button)
        return consent.AuthorizationResponse(
            self.environment.name, answer.get("state", ""), answer.get("code", ""), answer.get("error", "")
        )

    def consented(self, user: User, name: str = CEDAR, officer: int = 0) -> Connection:
        """A connection by a person's consent."""
        return snapshots.once(
            ("consented", user.pk, name, officer),
            lambda: self._consent(user, name, officer),
            sandbox=self.sandbox,
        )

    def _consent(self, user: User, name: str, officer: int) -> Connection:
        connection = consent.finish(
            self.come_back(user, name=name, officer=officer), user=user, session=SESSION
        )
        with client_for(connection) as client:
            admission.admit(connection, client)
        return connection
