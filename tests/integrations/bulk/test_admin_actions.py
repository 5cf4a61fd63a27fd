"""Edits that begin in Django's admin: the chosen contacts reach the portal's form, and become a plan."""

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from integrations.bulk.models import Plan
from integrations.connections.models import Installation
from integrations.directory.models import Contact
from portal.audit.models import Entry
from portal.core import clock
from tests.integrations.directory.group_rows import (
    make_contact,
    make_group,
    make_installation,
    make_member,
    make_owner,
)
from tests.portal.people import person

pytestmark = pytest.mark.django_db
LIST = "/admin/directory/contact/"


@pytest.fixture
def installation() -> Installation:
    made = make_installation()
    owner = make_owner(made, "Maria Lopez")
    group = make_group(made, "Past clients", owner)
    for number in range(4):
        make_contact(made, *([group] if number < 2 else []), owner=owner, state="MN" if number else "WI")
    return made


@pytest.fixture
def client(installation: Installation) -> Client:
    operator = person("olivia@partner.example", operator=True)
    made = Client()
    made.force_login(operator)
    return made


def choose(
    client: Client, installation: Installation, action: str, *contacts: Contact, query: str = "", **data: Any
) -> Any:
    place = f"{LIST}?organization={installation.organization_id}{query}"
    chosen = {ACTION_CHECKBOX_NAME: [contact.pk for contact in contacts], "action": action, "index": "0"}
    return client.post(place, chosen | data)


def contacts_in(installation: Installation) -> list[Contact]:
    return list(Contact.objects.filter(installation=installation).order_by("pk"))


@pytest.mark.parametrize("action", ["bulk_edit", "add_to_group", "remove_from_group"])
def test_the_selected_contacts_reach_the_form_and_become_a_plan(
    installation: Installation, client: Client, action: str
) -> None:
    first, second, *_ = contacts_in(installation)
    answer = choose(client, installation, action, first, second)
    assert answer.status_code == 302 and len(answer.url) < 120, "no IDs in the address"
    form = client.get(answer.url)
    assert form.context["ids"] == (first.pk, second.pk) and "2 contacts" in form.content.decode()
    answer = client.post(
        form.request["PATH_INFO"],
        {
            "plan": "1",
            "query": form.context["query"],
            "contact": form.context["ids"],
            "add_groups": "Past clients",
        },
    )
    plan = Plan.objects.get()
    assert answer.url.endswith(f"/bulk-edits/{plan.pk}/") and plan.selection["ids"] == [first.pk, second.pk]


def test_all_that_match_the_filters_are_chosen_without_naming_each(
    installation: Installation, client: Client
) -> None:
    first, *_ = contacts_in(installation)
    answer = choose(client, installation, "bulk_edit", first, query="&state=MN", select_across="1")
    form = client.get(answer.url)
    assert form.context["ids"] is None and "3 contacts" in form.content.decode()
    assert "state=MN" in form.context["query"]


def test_removing_proposes_the_group_that_the_list_is_filtered_by(
    installation: Installation, client: Client
) -> None:
    first, *_ = contacts_in(installation)
    query = "&group=Past+clients"
    form = client.get(choose(client, installation, "remove_from_group", first, query=query).url)
    assert form.context["form"]["remove_groups"].initial == ["Past clients"]
    form = client.get(choose(client, installation, "add_to_group", first, query=query).url)
    assert not form.context["form"]["remove_groups"].initial


def test_contacts_of_two_installations_are_refused(installation: Installation, client: Client) -> None:
    elsewhere = [make_installation("harbor"), make_installation("cedar", "ct")]
    first, *_ = contacts_in(installation)
    for other in elsewhere:
        answer = choose(client, installation, "bulk_edit", first, make_contact(other))
        assert answer.url.startswith(LIST)
        assert "one organization in one environment" in client.get(answer.url).content.decode()


@pytest.mark.parametrize("action", ["", "no-such-action"])
def test_an_unknown_action_does_nothing(installation: Installation, client: Client, action: str) -> None:
    answer = choose(client, installation, action, *contacts_in(installation))
    assert answer.url.startswith(LIST)
    assert "Choose an action first." in client.get(answer.url).content.decode()


def test_a_choice_is_kept_for_its_session_and_installation_alone(
    installation: Installation, client: Client
) -> None:
    first, *_ = contacts_in(installation)
    address = choose(client, installation, "bulk_edit", first).url
    other = Client()
    other.force_login(make_member(installation, "admin"))
    assert "/contacts/" in other.get(address).url
    make_installation("cedar", "ct")
    assert "/contacts/" in client.get(address.replace("/production/", "/ct/")).url
    for _ in range(10):
        choose(client, installation, "bulk_edit", first)
    assert "/contacts/" in client.get(address).url, "ten newer choices are kept"


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_contacts_are_exported_and_the_audit_log_says_so(
    installation: Installation, client: Client, ending: str
) -> None:
    first, *_ = contacts_in(installation)
    answer = choose(client, installation, f"export_{ending}", first)
    assert answer["Content-Disposition"].endswith(f'.{ending}"') and first.last_name.encode() in (
        answer.getvalue() if ending == "csv" else first.last_name.encode()
    )
    entry = Entry.objects.get(action="directory.exported")
    assert entry.detail["contacts"] == 1 and entry.at <= clock.now()
    answer = choose(client, installation, f"export_{ending}", first, query="&state=ZZ", select_across="1")
    assert "Choose at least one contact to export." in client.get(answer.url).content.decode()


def test_the_list_offers_all_that_match_where_there_are_more_pages(
    installation: Installation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{LIST}?organization={installation.organization_id}"
    page = client.get(address).content.decode()
    assert "Bulk edit…" in page and "Select all contacts that match" not in page
    monkeypatch.setattr("integrations.directory.browse.keyset.PAGE", 2)
    assert "Select all contacts that match" in client.get(address).content.decode()
