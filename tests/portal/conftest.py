"""People and organizations for the tests of this folder."""

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from portal.accounts.models import User
from portal.core import clock
from portal.organizations import organizations
from portal.organizations.models import Membership, Organization
from tests.portal.people import person

Join = Callable[..., User]
SignedIn = Callable[[User], Client]


@pytest.fixture
def operator(db: None) -> User:
    return person("olivia@partner.example", operator=True)


@pytest.fixture
def cedar(operator: User) -> Organization:
    return organizations.create(name="Cedar Home Lending", actor=operator)


@pytest.fixture
def harbor(operator: User) -> Organization:
    return organizations.create(name="Harbor & Pine", actor=operator)


@pytest.fixture
def counted_for_good(transactional_db: None) -> Iterator[None]:
    """For tests that reach limits in what is committed: the cache's table is no model's, so nothing else empties it."""
    yield
    cache.clear()


@pytest.fixture
def join() -> Join:
    """Somebody who is a member: ``join(organization, role)``."""

    def make(organization: Organization, role: str, email: str = "") -> User:
        user = person(email or f"{role}{User.objects.count()}@{organization.slug}.example")
        Membership.objects.create(user=user, organization=organization, role=role, created_at=clock.now())
        return user

    return make


@pytest.fixture
def signed_in() -> SignedIn:
    """A browser in which somebody is signed in."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make
