"""A sandbox with two clients, as admin and as user."""

from typing import Any

from integrations.sandbox.engine.callers import SCOPES
from integrations.total_expert import Client, oauth
from tests.integrations.total_expert.sandbox_server import SandboxServer


def as_user(sandbox: SandboxServer, scopes: list[str] | None = None) -> Client:
    """Return a client with the loan officer's consent to these scopes, or to all."""
    url = oauth.authorization_url(
        sandbox.environment,
        client_id=sandbox.application["client_id"],
        redirect_uri=sandbox.redirect_uri,
        state="s",
        scopes=scopes or sorted(SCOPES),
    )
    tokens = oauth.exchange_code(
        sandbox.environment,
        **sandbox.application_credentials,
        code=sandbox.consent(url)["code"],
        redirect_uri=sandbox.redirect_uri,
        adapter=sandbox.adapter,
    )
    return sandbox.client(access_token=tokens.access_token)


class SharedSandbox:
    """Shared by the tests of all methods. The loan officer is the user, and owns what the admin creates."""

    def __init__(self) -> None:
        self.sandbox = SandboxServer(contacts=20)
        self.clients = {"admin": self.sandbox.client(), "user": as_user(self.sandbox)}
        self.officer: int = self.sandbox.officer["id"]
        self._count = 0

    def name(self) -> str:
        """Return a new name."""
        self._count += 1
        return f"Number {self._count}"

    def person(self) -> dict[str, Any]:
        """Return the data of a new person."""
        name = self.name()
        return {
            "first_name": "Pat",
            "last_name": name,
            "email": f"{name.replace(' ', '')}@example.com",
            "source": "t",
        }

    def contact(self) -> dict[str, Any]:
        """Create a contact of the loan officer and return a reference to it."""
        contact = self.clients["admin"].contacts.create(self.person(), owner={"id": self.officer})
        return {"id": contact.id}
