"""Home counts the contacts that lack a required group."""

import pytest
from django.test import Client
from django.urls import reverse

from integrations.directory import panels, required_groups
from integrations.directory.browse import groups
from portal.accounts.models import User
from tests.integrations.directory.group_rows import make_contact, make_group, make_installation, make_member
from tests.integrations.directory.views.test_groups import Scene, browser, text_of
from tests.integrations.directory.visits import page
from tests.portal.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def home(user: User) -> str:
    return page(browser(user), reverse("home"))


def test_home_counts_contacts_and_leads_to_them(scene: Scene) -> None:
    assert "Required groups" not in home(scene.admin), "nothing is required"
    required_groups.require(scene.installation, "VIP", scene.admin)
    text = home(scene.admin)
    assert "1 contact lacks a required group." in text_of(text)
    address = "/organizations/cedar/contacts/?environment=production&amp;missing=yes"
    assert f'href="{address}"' in text
    assert f"contacts/{scene.bob.pk}/" in page(browser(scene.admin), address.replace("&amp;", "&"))


def test_home_says_nothing_where_no_contact_lacks_a_group(scene: Scene) -> None:
    required_groups.require(scene.installation, "Past clients", scene.admin)
    assert "Required groups" not in home(scene.admin)


def test_home_counts_again_after_a_change(scene: Scene) -> None:
    row = required_groups.require(scene.installation, "VIP", scene.admin)
    client: Client = browser(scene.admin)
    assert "1 contact lacks" in text_of(page(client, "/"))
    leads = required_groups.require(scene.installation, "Weddings", scene.admin)
    assert "2 contacts lack" in text_of(page(client, "/"))
    required_groups.release(leads, scene.admin)
    required_groups.release(row, scene.admin)
    assert "Required groups" not in page(client, "/")


def test_home_counts_only_what_a_person_may_see(scene: Scene) -> None:
    required_groups.require(scene.installation, "VIP", scene.admin)
    harbor = make_installation("harbor")
    make_contact(harbor, make_group(harbor, "Past clients"))
    required_groups.require(harbor, "Weddings", make_member(harbor, "admin"))
    assert "Harbor" not in home(scene.admin)
    operator = home(person("olivia@partner.example", operator=True))
    assert "Cedar Lending" in operator and "Harbor Lending" in operator
    assert "lacks a required group" not in home(scene.officer)
    assert "lacks a required group" in home(make_member(scene.installation, "viewer"))


def test_home_stops_counting_at_a_limit(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "COUNTED", 1)
    required_groups.require(scene.installation, "Weddings", scene.admin)
    assert "More than 1 contact lacks" in text_of(home(scene.admin))
    monkeypatch.setattr(panels, "COUNTED_INSTALLATIONS", 0)
    assert "Required groups" not in home(scene.admin)
