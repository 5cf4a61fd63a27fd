"""An emulator with a client as admin and one as user, and the records that others are about."""

from typing import Any

from integrations.sandbox.engine.callers import SCOPES
from integrations.total_expert import Client, oauth
from tests.integrations.total_expert.conftest import Emulator


def as_user(emulator: Emulator, scopes: list[str] | None = None) -> Client:
    """A client with the consent of the emulator's officer to these scopes, or to all."""
    url = oauth.authorization_url(
        emulator.environment,
        client_id=emulator.application["client_id"],
        redirect_uri=emulator.redirect_uri,
        state="s",
        scopes=scopes or sorted(SCOPES),
    )
    grant = oauth.exchange_code(
        emulator.environment,
        **emulator.application_credentials,
        code=emulator.consent(url)["code"],
        redirect_uri=emulator.redirect_uri,
        adapter=emulator.adapter,
    )
    return emulator.client(access_token=grant.access_token)


class World:
    """What the tests of all methods share. The officer is the user, and owns what the admin creates."""

    def __init__(self) -> None:
        self.emulator = Emulator(contacts=20)
        self.clients = {"admin": self.emulator.client(), "user": as_user(self.emulator)}
        self.officer: int = self.emulator.officer["id"]
        self._made = 0

    def name(self) -> str:
        """A name that nothing else has."""
        self._made += 1
        return f"Number {self._made}"

    def person(self) -> dict[str, Any]:
        """Somebody whom nobody knows yet."""
        name = self.name()
        return {
            "first_name": "Pat",
            "last_name": name,
            "email": f"{name.replace(' ', '')}@example.com",
            "source": "t",
        }

    def contact(self) -> dict[str, Any]:
        """A new contact of the officer's, as other records name it."""
        made = self.clients["admin"].contacts.create(self.person(), owner={"id": self.officer})
        return {"id": made.id}
