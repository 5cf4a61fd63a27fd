"""The left menu."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from portal.accounts.models import User
from portal.core import clock
from portal.organizations.models import Membership, Organization
from portal.organizations.views.guard import CHOSEN
from portal.site import menu

pytestmark = pytest.mark.django_db


def request_of(user: User, path: str = "/", chosen: Organization | None = None) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = user
    request.session = {CHOSEN: chosen.slug} if chosen else {}  # type: ignore[assignment]
    return request


@pytest.fixture
def organization() -> Organization:
    return Organization.objects.create(name="Cedar", slug="cedar", created_at=clock.now())


@pytest.fixture
def operator() -> User:
    return User.objects.create_user("olivia@example.com", is_operator=True)


def member(organization: Organization, role: str) -> User:
    user = User.objects.create_user(f"{role}@example.com")
    Membership.objects.create(user=user, organization=organization, role=role, created_at=clock.now())
    return user


def titles(user: User) -> list[str]:
    return [entry.title for entry in menu.entries(request_of(user))]


def test_an_operator_has_the_whole_menu(operator: User) -> None:
    assert titles(operator) == ["Home", "Organizations", "Contacts", "Jobs", "Settings"]


def test_an_admin_has_no_settings(organization: Organization) -> None:
    assert titles(member(organization, "admin")) == ["Home", "Organizations", "Contacts", "Jobs"]


def test_an_officer_has_their_connection_and_their_contacts(organization: Organization) -> None:
    assert titles(member(organization, "officer")) == ["Home", "My connection", "My contacts"]


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/", "Home"),
        ("/organizations/", "Organizations"),
        ("/organizations/cedar/", "Organizations"),
        ("/organizations/cedar/contacts/7/", "Contacts"),
        ("/organizations/cedar/jobs/7/", "Jobs"),
        ("/jobs/", "Jobs"),
        ("/settings/audit/", "Settings"),
    ],
)
def test_one_entry_is_current_and_it_is_the_closest(
    operator: User, organization: Organization, path: str, title: str
) -> None:
    entries = menu.entries(request_of(operator, path, chosen=organization))
    assert [entry.title for entry in entries if entry.current] == [title]


def test_no_entry_is_current_on_a_page_outside_the_menu(operator: User) -> None:
    assert not any(entry.current for entry in menu.entries(request_of(operator, "/account/")))
