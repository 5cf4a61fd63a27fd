"""The switcher: which organization a page is about, and the menu of others."""

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import resolve, reverse
from pytest_django import DjangoAssertNumQueries

from portal.accounts.models import User
from portal.core import clock
from portal.organizations.models import Organization
from portal.organizations.roles import Role
from portal.site import switcher
from portal.site.switcher import Switcher, section_of, url_of
from tests.portal.conftest import Join, SignedIn

pytestmark = pytest.mark.django_db
CHOOSE = "/choose-organization/"


def names(client: Client, **query: str) -> list[str]:
    return [choice.organization.name for choice in client.get(CHOOSE, query).context["choices"]]


def test_it_lists_what_one_may_see_and_searches_it(
    cedar: Organization, harbor: Organization, operator: User, join: Join, signed_in: SignedIn
) -> None:
    assert names(signed_in(operator)) == [cedar.name, harbor.name]
    assert names(signed_in(operator), q="HARBOR") == [harbor.name]
    assert names(signed_in(operator), q="nowhere") == []
    assert names(signed_in(join(cedar, "viewer"))) == [cedar.name]


def test_the_choice_stays(
    cedar: Organization, harbor: Organization, operator: User, signed_in: SignedIn
) -> None:
    client = signed_in(operator)
    client.get(reverse("organization", args=[harbor.slug]))
    choices = client.get(CHOOSE).context["choices"]
    assert [choice.organization for choice in choices if choice.is_current] == [harbor]
    assert reverse("contacts", args=[harbor.slug]) in client.get(reverse("home")).content.decode()


def test_it_names_the_organization_that_the_page_is_about(
    cedar: Organization, harbor: Organization, operator: User, signed_in: SignedIn
) -> None:
    client = signed_in(operator)
    assert client.get(reverse("organization", args=[harbor.slug])).context["switcher"].organization == harbor
    assert client.get(reverse("home")).context["switcher"].organization is None


def test_a_list_narrowed_to_an_organization_is_about_it(
    cedar: Organization, harbor: Organization, operator: User, join: Join, signed_in: SignedIn
) -> None:
    page = signed_in(operator).get(reverse("jobs"), {"organization": harbor.slug})
    assert page.context["switcher"].organization == harbor
    of_others = signed_in(join(cedar, "viewer")).get(reverse("jobs"), {"organization": harbor.slug})
    assert of_others.context["switcher"].organization == cedar


def test_people_with_one_organization_read_its_name_and_have_nothing_to_switch(
    cedar: Organization, harbor: Organization, join: Join, signed_in: SignedIn
) -> None:
    page = signed_in(join(cedar, "viewer")).get(reverse("home"))
    shown: Switcher = page.context["switcher"]
    assert (shown.organization, shown.is_menu) == (cedar, False)
    assert 'popovertarget="switcher"' not in page.content.decode()


# --- Staying on the section ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/organizations/cedar/", "organization"),
        ("/organizations/cedar/contacts/", "contacts"),
        ("/organizations/cedar/contacts/7/", "contacts"),
        ("/organizations/cedar/members/", "members"),
        (
            "/organizations/cedar/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6/",
            "organization_connections",
        ),
        ("/jobs/", "jobs"),
        ("/settings/", ""),
        ("/", ""),
    ],
)
def test_a_page_belongs_to_the_nearest_section_above_it(path: str, section: str) -> None:
    request = HttpRequest()
    request.path_info = path
    request.resolver_match = resolve(path)
    assert section_of(request) == section


@pytest.mark.parametrize(
    ("role", "section", "path"),
    [
        ("operator", "contacts", "/organizations/cedar/contacts/"),
        ("operator", "jobs", "/jobs/?organization=cedar"),
        ("operator", "", "/organizations/cedar/"),
        ("operator", "my_connection", "/organizations/cedar/"),
        ("viewer", "members", "/organizations/cedar/"),
        ("officer", "members", "/organizations/cedar/my-connection/"),
        ("officer", "jobs", "/organizations/cedar/my-connection/"),
        ("officer", "contacts", "/organizations/cedar/contacts/"),
        ("operator", "settings", "/organizations/cedar/"),
        ("operator", "https://evil.example/", "/organizations/cedar/"),
    ],
)
def test_choosing_leads_to_the_same_section_or_the_nearest_that_one_may_open(
    role: str, section: str, path: str
) -> None:
    assert url_of(Organization(slug="cedar"), Role(role), section) == path


def test_what_it_leads_to_opens_for_each_role(
    cedar: Organization, harbor: Organization, join: Join, signed_in: SignedIn
) -> None:
    for role in ("admin", "editor", "viewer", "officer"):
        user = join(cedar, role)
        client = signed_in(user)
        for section in ("organization", "contacts", "members", "jobs", "my_connection", ""):
            (choice,) = client.get(CHOOSE, {"section": section}).context["choices"]
            assert client.get(choice.url, follow=True).status_code == 200, f"{role}: {section}"


# --- Thousands of organizations --------------------------------------------------------------------------------------


def test_of_thousands_it_lists_a_few_in_few_queries(
    operator: User, signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Organization.objects.bulk_create(
        Organization(name=f"Lender {number:04}", slug=f"lender-{number}", created_at=clock.now())
        for number in range(2000)
    )
    client = signed_in(operator)
    client.get(CHOOSE)
    with django_assert_max_num_queries(8):
        answer = client.get(CHOOSE, {"q": "lender"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert text.count("<li>") == switcher.LISTED == 20
    assert "<html" not in text and "Type more of the name" in text


def test_without_a_script_it_is_a_page(cedar: Organization, operator: User, signed_in: SignedIn) -> None:
    text = signed_in(operator).get(CHOOSE, {"section": "contacts"}).content.decode()
    assert "<html" in text and 'href="/organizations/cedar-home-lending/contacts/"' in text
