"""What tests of tokens have in common."""

import pytest

from integrations.connections.models import Connection
from tests.world import World


@pytest.fixture
def consented(world: World) -> Connection:
    return world.consented(world.member("admin"))
