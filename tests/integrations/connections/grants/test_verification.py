"""Verification: the steps say what a connection reaches, and only what is known."""

from integrations.connections.grants import verification
from integrations.connections.models import Connection
from tests.world import World

MATCH = "They match this organization's other connections."


def contacts_step(connection: Connection) -> str:
    return next(step.text for step in verification.run(connection) if step.name == "first_page")


def test_contacts_match_the_organization_only_if_another_connection_showed_them(world: World) -> None:
    first = world.consented(world.member("officer"), officer=0)
    assert MATCH not in contacts_step(first)
    colleague = world.consented(world.member("officer"), officer=1)
    assert MATCH not in contacts_step(colleague), "a colleague's contacts are others"
    assert MATCH in contacts_step(world.connected())
