"""The page of an organization, and making one."""

import pytest
from django.urls import reverse

from portal.accounts.models import User
from portal.core import panels
from portal.organizations.invitations import invitations
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


def test_the_overview_shows_details_members_and_panels_by_place(
    cedar: Organization, operator: User, join, signed_in, monkeypatch, settings, tmp_path
) -> None:
    (tmp_path / "organizations").mkdir()
    (tmp_path / "organizations/probe.html").write_text("<p>{{ words }}</p>")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path]}]
    monkeypatch.setattr(panels, "_panels", [])
    for place in ("bottom", "aside", "main", "top"):
        panels.register("organization", name=place, template="organizations/probe.html", place=place)(
            lambda request, subject, place=place: {"words": f"panel {place} of {subject.name}"}
        )
    join(cedar, "editor", "edith@cedar.example")
    invitations.invite(organization=cedar, email="ada@cedar.example", role="admin", actor=operator)
    text = signed_in(operator).get(reverse("organization", args=[cedar.slug])).content.decode()
    for words in ("Edith", "1 editor", "Unassigned", "1 open invitation"):
        assert words in text
    places = [text.index(f"panel {place} of Cedar") for place in ("top", "main", "aside", "bottom")]
    assert places == sorted(places)


def test_the_header_has_one_primary_action_and_the_rest_under_more(
    cedar: Organization, operator: User, join, signed_in
) -> None:
    address = reverse("organization", args=[cedar.slug])
    operators, viewers = (signed_in(person).get(address) for person in (operator, join(cedar, "viewer")))
    assert operators.context["primary"].label == "Connect"
    assert [action.label for action in operators.context["more"]] == [
        "Invite people",
        "Rename or change account owner",
        "Open in Django admin",
    ]
    assert viewers.context["primary"] is None and viewers.context["more"] == []
    assert operators.content.decode().count('class="button primary"') == 1


def test_tabs_have_their_own_addresses_and_show_only_what_the_role_may_open(
    cedar: Organization, operator: User, join, signed_in
) -> None:
    def tabs(user: User) -> list[str]:
        page = signed_in(user).get(reverse("organization", args=[cedar.slug]))
        return [tab.title for tab, _ in page.context["tabs"]]

    assert tabs(operator) == tabs(join(cedar, "admin")) == ["Overview", "Connections", "Members"]
    assert tabs(join(cedar, "viewer")) == ["Overview", "Connections"]


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
