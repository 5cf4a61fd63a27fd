"""The Required groups tab, and the contacts that lack a required group."""

import re

import pytest
from django.test import Client

from integrations.directory import required_groups
from integrations.directory.models import RequiredGroup
from tests.integrations.directory.group_rows import make_contact, make_installation, make_member, make_owner
from tests.integrations.directory.views.test_groups import Scene, browser, text_of
from tests.integrations.directory.visits import page

pytestmark = pytest.mark.django_db

PAGE = "/organizations/cedar/groups/required/"
CONTACTS = "/organizations/cedar/contacts/"


@pytest.fixture
def scene() -> Scene:
    return Scene()


def add(client: Client, name: str, environment: str = "production") -> int:
    return client.post(f"{PAGE}{environment}/add/", {"name": name}).status_code


def change(client: Client, row: RequiredGroup, verb: str) -> int:
    return client.post(f"{PAGE}{row.pk}/{verb}/").status_code


def listed_contacts(client: Client, query: str) -> set[str]:
    return set(re.findall(rf'data-href="{CONTACTS}(\d+)/"', page(client, CONTACTS + query)))


def test_a_group_is_recorded_and_its_gaps_are_shown(scene: Scene) -> None:
    make_owner(scene.installation, "Ida Kern")
    client = browser(scene.admin)
    assert "No required groups" in page(client, PAGE)
    assert add(client, "past  clients") == 302
    seen = text_of(page(client, PAGE))
    assert f"Recorded by {scene.admin.display_name}" in seen
    assert "1 of 3 owners has no such group: Ida Kern." in seen
    assert "No contact lacks a required group." in seen and "No contact lacks it" in seen
    assert add(client, "VIP") == 302
    seen = text_of(page(client, PAGE))
    assert "2 of 3 owners have no such group: Tom Hale, Ida Kern." in seen
    assert "1 contact lacks a required group" in seen and "1 contact lacks it" in seen


def test_contacts_that_lack_a_group_are_found_in_the_contact_list(scene: Scene) -> None:
    client = browser(scene.admin)
    add(client, "VIP")
    add(client, "Leads & more")
    assert listed_contacts(client, "?missing=yes") == {str(scene.zoe.pk), str(scene.bob.pk)}
    assert listed_contacts(client, "?missing=vip") == {str(scene.bob.pk)}
    assert listed_contacts(client, f"?missing=VIP&owner={scene.maria.pk}") == set()
    assert listed_contacts(client, "?missing=Unknown") == set()
    address = re.search(rf'href="({CONTACTS}[^"]*missing=VIP)"', page(client, PAGE))
    assert address
    text = page(client, address[1].replace("&amp;", "&"))
    assert "Missing required group VIP" in text
    assert '<option value="VIP" selected>' in text and '<option value="Leads &amp; more">' in text


def test_the_filter_is_offered_only_where_a_group_is_required(scene: Scene) -> None:
    client = browser(scene.admin)
    assert 'name="missing"' not in page(client, CONTACTS)
    assert listed_contacts(client, "?missing=yes") == set()
    add(client, "VIP")
    assert 'name="missing"' in page(client, CONTACTS)
    long = "A" * 255
    add(client, long)
    assert len(listed_contacts(client, f"?missing={long}")) == 2


def test_a_group_is_removed_and_recorded_again(scene: Scene) -> None:
    client = browser(scene.admin)
    add(client, "VIP")
    row = RequiredGroup.objects.get()
    assert change(client, row, "release") == 302 and change(client, row, "release") == 302
    assert "No required groups" in page(client, PAGE)
    assert change(client, row, "confirm") == 302
    assert not required_groups.of(scene.installation).exists(), "only a suggestion is confirmed"
    add(client, "vip")
    assert required_groups.of(scene.installation).get() == row


def test_a_suggestion_waits_for_a_person(scene: Scene) -> None:
    first = required_groups.suggest(scene.installation, "Website Leads")
    second = required_groups.suggest(scene.installation, "All Clients")
    assert first is not None and second is not None
    client = browser(scene.admin)
    assert "Website Leads" in page(client, PAGE) and "No required groups" in page(client, PAGE)
    change(client, first, "confirm")
    change(client, second, "dismiss")
    seen = text_of(page(client, PAGE))
    assert f"Learned from a refused create, confirmed by {scene.admin.display_name}" in seen
    assert "All Clients" not in seen and "Suggestions" not in seen


@pytest.mark.parametrize("name", ["", " ", "\0\0", "\u200b", "x" * 300])
def test_a_name_that_no_group_can_have_is_explained(scene: Scene, name: str) -> None:
    client = browser(scene.admin)
    assert add(client, name) == 302
    assert re.search("Enter the name of a group|longer than 255", page(client, PAGE))
    assert not RequiredGroup.objects.exists()


def test_only_those_who_may_are_offered_changes(scene: Scene) -> None:
    required_groups.require(scene.installation, "VIP", scene.admin)
    suggested = required_groups.suggest(scene.installation, "All Clients")
    assert suggested is not None
    for role, offered in (("editor", False), ("viewer", False), ("admin", True)):
        client = browser(make_member(scene.installation, role))
        text = page(client, PAGE) + page(client, f"/organizations/cedar/groups/{scene.vip.pk}/")
        assert ("require-name" in text and ">Dismiss<" in text and "Stop requiring" in text) is offered
        addresses = re.findall(r'action="/organizations/cedar/groups/required/[^"]*/(\w+)/"', text)
        assert bool(set(addresses) - {"fix", "create"}) is offered
        assert (change(client, suggested, "dismiss") == 302) is offered


def test_another_organizations_groups_and_environments_are_not_there(scene: Scene) -> None:
    harbor = make_installation("harbor")
    theirs = required_groups.require(harbor, "Harbor group", make_member(harbor, "admin"))
    client = browser(scene.admin)
    assert change(client, theirs, "release") == 404
    assert add(client, "VIP", "ct") == 404
    assert (
        client.post("/organizations/harbor/groups/required/production/add/", {"name": "x"}).status_code == 404
    )
    assert "Harbor group" not in page(client, PAGE)
    assert required_groups.of(harbor).get() == theirs


def test_an_officer_reads_counts_of_their_own_contacts(scene: Scene) -> None:
    required_groups.require(scene.installation, "Leads", scene.admin)
    make_contact(scene.installation, owner=scene.maria)
    assert "2 contacts lack it" in text_of(page(browser(scene.admin), PAGE))
    seen = text_of(page(browser(scene.officer), PAGE))
    assert "1 contact lacks it" in seen and "Hale" not in seen
    assert listed_contacts(browser(scene.officer), "?missing=Leads") == {str(scene.zoe.pk)}


def test_names_of_existing_groups_are_offered(scene: Scene) -> None:
    client = browser(scene.admin)
    add(client, "VIP")
    offered = re.findall(r'<option value="([^"]*)"></option>', page(client, PAGE))
    assert offered == ["Past clients", "Leads"]
