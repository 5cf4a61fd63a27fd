"""Servers that the client's tests call: the sandbox, and one that sends scripted bytes."""

from collections.abc import Iterator

import pytest

from tests.integrations.total_expert.sandbox_server import SandboxServer
from tests.integrations.total_expert.scripted_server import ScriptedServer


@pytest.fixture
def sandbox() -> SandboxServer:
    """The sandbox in this process, without rate limits."""
    return SandboxServer()


@pytest.fixture
def make_sandbox() -> type[SandboxServer]:
    """Makes a sandbox with options such as contacts or tokens_per_hour."""
    return SandboxServer


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """A server that sends the bytes a test scripts."""
    server = ScriptedServer()
    yield server
    server.close()
