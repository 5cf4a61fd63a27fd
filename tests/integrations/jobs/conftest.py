"""An installation for jobs to work on, and the kinds that only tests know."""

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.connections.models import Connection, Environment, GrantType, Installation
from integrations.jobs import kinds
from portal.accounts.models import User
from portal.core import clock
from portal.organizations.models import Organization
from tests.integrations.jobs.kinds_for_tests import kinds as kinds_for_tests
from tests.portal.people import with_app


@pytest.fixture(autouse=True)
def known_kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    kinds_for_tests.register()
    yield


@pytest.fixture
def installation(db: Any) -> Installation:
    return another_installation("Cedar")


def another_installation(name: str) -> Installation:
    """An organization in the one environment."""
    at = clock.now()
    environment, _ = Environment.objects.get_or_create(
        name="ct",
        defaults={
            "label": "CT",
            "base_url": "https://api.example/v1",
            "authorize_url": "https://api.example/v1/authorize",
        },
    )
    organization = Organization.objects.create(name=name, slug=name.lower(), created_at=at)
    return Installation.objects.create(organization=organization, environment=environment, created_at=at)


def connection_of(installation: Installation, user: User | None = None) -> Connection:
    """A connection by the consent of somebody, into an installation."""
    at = clock.now()
    return Connection.objects.create(
        installation=installation, grant=GrantType.AUTHORIZATION_CODE, user=user, since=at, created_at=at
    )


@pytest.fixture
def operator(db: Any) -> User:
    user = User.objects.create_superuser("operator@partner.example")
    with_app(user)
    return user
