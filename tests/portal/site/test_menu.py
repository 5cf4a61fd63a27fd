"""The menu."""

import types
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import clear_url_caches, path

from portal import urls
from portal.accounts.models import User
from portal.core import clock
from portal.organizations.models import Membership, Organization
from portal.organizations.views.guard import CHOSEN
from portal.site import menu
from portal.site.home import home

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


def groups(user: User) -> list[tuple[str, list[str]]]:
    return [(title, [entry.title for entry in found]) for title, found in menu.of(request_of(user)).groups]


def test_an_operator_has_the_whole_menu(operator: User) -> None:
    home, data, work, (administration, entries) = groups(operator)
    assert [home, data, work] == [
        ("", ["Home"]),
        ("Data", ["Contacts", "Groups", "Bulk edits"]),
        ("Work", ["Organizations", "Jobs"]),
    ]
    assert administration == "Administration" and entries[0] == "Settings"


def test_djangos_admin_is_in_the_menu_of_operators_only_where_it_is_installed(
    organization: Organization, operator: User, settings: Any
) -> None:
    settings.ROOT_URLCONF = with_admin = types.ModuleType("with_admin")
    with_admin.urlpatterns = [
        *urls.urlpatterns,
        path("admin/", ([path("", home, name="index")], "admin", "admin")),
    ]  # type: ignore[attr-defined]
    assert groups(operator)[-1] == ("Administration", ["Settings", "Django admin"])
    assert all(title != "Administration" for title, _ in groups(member(organization, "admin")))
    with_admin.urlpatterns = [each for each in urls.urlpatterns if getattr(each, "namespace", "") != "admin"]  # type: ignore[attr-defined]
    clear_url_caches()
    assert groups(operator)[-1] == ("Administration", ["Settings"])


@pytest.mark.parametrize("role", ["admin", "editor", "viewer"])
def test_customers_people_have_their_own_organization_instead_of_all(
    organization: Organization, role: str
) -> None:
    user = member(organization, role)
    assert groups(user) == [
        ("", ["Home"]),
        ("Data", ["Contacts", "Groups", "Bulk edits"]),
        ("Work", ["Organization", "Jobs"]),
    ]
    addresses = {entry.title: entry.url for entry in menu.of(request_of(user)).entries}
    assert addresses["Organization"] == "/organizations/cedar/"


def test_an_officer_has_their_connection_and_their_contacts(organization: Organization) -> None:
    assert groups(member(organization, "officer")) == [
        ("", ["Home", "My connection", "My contacts", "My groups", "Bulk edits"])
    ]


def test_a_person_without_an_organization_has_home() -> None:
    assert groups(User.objects.create_user("nobody@example.com")) == [("", ["Home"])]


def test_without_a_chosen_organization_an_operator_chooses_one_for_its_contacts(operator: User) -> None:
    addresses = {entry.title: entry.url for entry in menu.of(request_of(operator)).entries}
    assert addresses["Contacts"] == "/choose-organization/?section=contacts"
    assert addresses["Groups"] == "/choose-organization/?section=groups"


def test_a_phone_shows_four_entries_and_the_others_under_more(
    organization: Organization, operator: User
) -> None:
    found = menu.of(request_of(operator))
    assert [entry.title for entry in found.bar] == ["Home", "Contacts", "Groups", "Bulk edits"]
    assert [*found.bar, *found.more] == found.entries
    assert [entry.title for entry in menu.of(request_of(member(organization, "viewer"))).more] == [
        "Organization",
        "Jobs",
    ]


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/", "Home"),
        ("/organizations/", "Organizations"),
        ("/organizations/cedar/", "Organizations"),
        ("/organizations/cedar/contacts/7/", "Contacts"),
        ("/organizations/cedar/groups/7/", "Groups"),
        ("/organizations/cedar/groups/required/", "Groups"),
        ("/organizations/cedar/jobs/7/", "Jobs"),
        ("/jobs/", "Jobs"),
        ("/settings/audit/", "Settings"),
    ],
)
def test_one_entry_is_current_and_it_is_the_closest(
    operator: User, organization: Organization, path: str, title: str
) -> None:
    entries = menu.of(request_of(operator, path, chosen=organization)).entries
    assert [entry.title for entry in entries if entry.is_current] == [title]


def test_no_entry_is_current_on_a_page_outside_the_menu(operator: User) -> None:
    assert not any(entry.is_current for entry in menu.of(request_of(operator, "/account/")).entries)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/organizations/cedar/", "Organization"),
        ("/organizations/cedar/members/", "Organization"),
        ("/organizations/cedar/contacts/7/", "Contacts"),
        ("/organizations/cedar/jobs/7/", "Jobs"),
    ],
)
def test_the_menu_of_a_customer_knows_where_it_is(organization: Organization, path: str, title: str) -> None:
    entries = menu.of(request_of(member(organization, "viewer"), path)).entries
    assert [entry.title for entry in entries if entry.is_current] == [title]
