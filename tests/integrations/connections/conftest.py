"""A sandbox and a world around it, for the tests of connections."""

from collections.abc import Iterator

import pytest

from integrations.connections.client import ADAPTERS
from tests.world import BASE, Sandbox, World


@pytest.fixture
def sandbox(settings) -> Iterator[Sandbox]:
    settings.ENVIRONMENT_HOSTS = ["sandbox.example", "api.example", "other.example"]
    made = Sandbox()
    ADAPTERS[f"{BASE}/v1"] = made.adapter
    yield made
    ADAPTERS.clear()


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World(sandbox)
