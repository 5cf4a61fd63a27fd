"""A sandbox with two small organizations for each test."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import Caller, InProcessSandbox


@pytest.fixture
def sandbox() -> InProcessSandbox:
    """A sandbox in memory, without limits."""
    return InProcessSandbox()


@pytest.fixture
def admin(sandbox: InProcessSandbox) -> Caller:
    """A client with the first organization's credentials."""
    return sandbox.admin()


@pytest.fixture
def owner(sandbox: InProcessSandbox) -> dict[str, Any]:
    """A loan officer of the first organization."""
    return sandbox.officers()[0]
