"""Fixtures for tests of accounts."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.portal.accounts import oidc_provider
from tests.portal.accounts.oidc_provider import ADA, Provider


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    running = Provider()
    running.claims = {"sub": "ada-1", "email": ADA, "email_verified": True, "name": "Ada Canary-Surname"}
    settings.OIDC_ISSUER, settings.OIDC_NAME = running.issuer, "Cedar ID"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = (
        oidc_provider.CLIENT_ID,
        oidc_provider.CLIENT_SECRET,
    )
    settings.OIDC_ALLOWED = ["cedar.example"]
    yield running
    running.close()
