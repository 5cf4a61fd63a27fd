"""The page of an organization, and making one."""

import pytest
from django.urls import reverse

from portal.accounts.models import User
from portal.core import panels
from portal.organizations import invitations
from portal.organizations.models import Organization
from portal.organizations.views.guard import CHOSEN

pytestmark = pytest.mark.django_db


def test_an_operator_creates_an_organization_and_is_its_account_owner(operator: User, signed_in) -> None:
    client = signed_in(operator)
    page = client.get(reverse("new_organization"))
    assert page.context["form"].initial["account_owner"] == operator.pk
    done = client.post(
        reverse("new_organization"), {"name": "Lakeshore Lending", "account_owner": operator.pk}
    )
    assert done.url == "/organizations/lakeshore-lending/"
    assert Organization.objects.get().account_owner == operator
    assert "Lakeshore Lending" in client.get(done.url).content.decode()


def test_a_name_that_is_taken_is_said_beside_the_name(cedar: Organization, operator: User, signed_in) -> None:
    page = signed_in(operator).post(reverse("new_organization"), {"name": cedar.name.upper()})
    assert page.status_code == 200
    assert "already exists" in str(page.context["form"].errors["name"])


def test_the_screen_shows_facts_members_and_panels(
    cedar: Organization, operator: User, join, signed_in, monkeypatch
) -> None:
    monkeypatch.setattr(panels, "_panels", [])
    panels.register("organization", name="probe", template="site/switcher_choices.html")(
        lambda request, subject: {"choices": [{"url": "/probe/", "organization": subject}]}
    )
    join(cedar, "editor", "edith@cedar.example")
    invitations.invite(organization=cedar, email="ada@cedar.example", role="admin", actor=operator)
    text = signed_in(operator).get(reverse("organization", args=[cedar.slug])).content.decode()
    for words in ("Edith", "1 editor", "Unassigned", "ada@cedar.example", "/probe/"):
        assert words in text


def test_who_does_not_manage_sees_no_invited_addresses(
    cedar: Organization, operator: User, join, signed_in
) -> None:
    invitations.invite(organization=cedar, email="ada@cedar.example", role="admin", actor=operator)
    text = signed_in(join(cedar, "viewer")).get(reverse("organization", args=[cedar.slug])).content.decode()
    assert "ada@cedar.example" not in text
    assert reverse("members", args=[cedar.slug]) not in text


def test_an_operator_renames_it_and_changes_the_account_owner(
    cedar: Organization, operator: User, signed_in
) -> None:
    client = signed_in(operator)
    address = reverse("edit_organization", args=[cedar.slug])
    assert address in client.get(reverse("organization", args=[cedar.slug])).content.decode()
    done = client.post(address, {"name": "Juniper Home Loans", "account_owner": operator.pk})
    assert done.url == reverse("organization", args=[cedar.slug])
    cedar.refresh_from_db()
    assert (cedar.name, cedar.account_owner) == ("Juniper Home Loans", operator)
    client.post(address, {"name": "Juniper Home Loans", "account_owner": ""})
    cedar.refresh_from_db()
    assert cedar.account_owner is None


def test_a_name_of_another_organization_is_an_error_of_the_form_and_changes_nothing(
    cedar: Organization, harbor: Organization, operator: User, signed_in
) -> None:
    address = reverse("edit_organization", args=[cedar.slug])
    page = signed_in(operator).post(address, {"name": "HARBOR & Pine", "account_owner": operator.pk})
    assert page.status_code == 200
    assert "already exists" in str(page.context["form"].errors["name"])
    cedar.refresh_from_db()
    assert (cedar.name, cedar.account_owner) == ("Cedar Home Lending", None)


def test_a_page_that_polls_in_another_tab_does_not_change_the_organization_one_works_in(
    cedar: Organization, harbor: Organization, operator: User, signed_in
) -> None:
    client = signed_in(operator)
    client.get(reverse("organization", args=[cedar.slug]))
    client.get(reverse("organization", args=[harbor.slug]), headers={"HX-Request": "true"})
    assert client.session[CHOSEN] == cedar.slug
    client.get(reverse("organization", args=[harbor.slug]))
    assert client.session[CHOSEN] == harbor.slug
