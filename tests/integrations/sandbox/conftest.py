"""A sandbox of two small organizations for each test."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import Caller, House


@pytest.fixture
def house() -> House:
    """A sandbox in memory, without limits."""
    return House()


@pytest.fixture
def admin(house: House) -> Caller:
    """The first organization's own credentials at work."""
    return house.admin()


@pytest.fixture
def owner(house: House) -> dict[str, Any]:
    """A loan officer of the first organization."""
    return house.officers()[0]
