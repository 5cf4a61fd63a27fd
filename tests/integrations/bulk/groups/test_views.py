"""The pages that plan changes of groups: what each role may plan, and what the plan's page says before it is applied."""

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.bulk.groups import rules
from integrations.bulk.models import Plan, RowState
from integrations.directory import required_groups
from integrations.directory.browse import saved_views
from integrations.directory.browse.selection import Selection
from integrations.directory.models import ContactGroup
from tests.integrations.directory.group_rows import (
    make_contact,
    make_group,
    make_installation,
    make_member,
    make_owner,
    show,
)
from tests.integrations.directory.views.test_groups import Scene, browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def at(name: str, *parts: object) -> str:
    return reverse(name, args=["cedar", *parts])


def text(client: Client, address: str) -> str:
    return html.unescape(client.get(address).content.decode())


def planned(client: Client, address: str, **data: Any) -> Plan:
    """Post a form that makes a plan, and return it."""
    answer = client.post(address, data)
    assert answer.status_code == 302, answer.content.decode()
    made = Plan.objects.latest("pk")
    assert answer.url == at("bulk_edit", made.pk)
    return made


def page_of(client: Client, plan: Plan) -> str:
    return text(client, at("bulk_edit", plan.pk))


def owners_of(plan: Plan) -> set[int]:
    return {row.after["owner"] for row in plan.rows.all()}


def test_a_new_group_is_planned_for_all_owners_who_lack_it_or_for_some(scene: Scene) -> None:
    client = browser(scene.admin)
    new = at("new_group", "production")
    assert f'href="{new}"' in text(client, at("groups"))
    plan = planned(client, new, name=" Leads ", scope="all")
    assert owners_of(plan) == {scene.maria.remote_id}, "Tom has one"
    page = page_of(client, plan)
    assert "Create the group “Leads”" in page and "Create 1 group" in page and "Maria Lopez" in page
    plan = planned(client, new, name="leads", scope="some", owners=[scene.maria.pk, scene.tom.pk])
    assert "Tom Hale already has a group of this name." in page_of(client, plan)
    assert plan.counts() == {RowState.PLANNED: 1, RowState.REFUSED: 1}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"scope": "all"}, "This field is required."),
        ({"name": " ", "scope": "all"}, "This field is required."),
        ({"name": "x" * 256, "scope": "all"}, "longer than 255"),
        ({"name": "Any", "scope": "some"}, "Choose at least one owner."),
        ({"name": "Any", "scope": "some", "owners": "99999"}, "not one of the available choices"),
        ({"name": "Any", "scope": "none"}, "not one of the available choices"),
        ({"name": "Any"}, "This field is required."),
    ],
)
def test_a_form_that_makes_no_sense_says_why(scene: Scene, data: dict[str, str], sentence: str) -> None:
    answer = browser(scene.admin).post(at("new_group", "production"), data)
    assert sentence in answer.content.decode() and not Plan.objects.exists()


def test_where_every_owner_has_the_group_the_form_says_so(scene: Scene) -> None:
    answer = browser(scene.admin).post(
        at("new_group", "production"), {"name": "PAST clients", "scope": "all"}
    )
    assert "Every owner has a group of this name" in answer.content.decode() and not Plan.objects.exists()


def test_a_group_is_renamed_alone_or_with_all_of_its_name(scene: Scene) -> None:
    client = browser(scene.admin)
    rename = at("change_group", scene.past.pk, "rename")
    assert f'href="{rename}"' in text(client, at("group", scene.past.pk))
    form = text(client, rename)
    assert "Only the group of Maria Lopez" in form and "All 2 groups of this name" in form
    plan = planned(client, rename, new_name="Alumni", scope="some")
    assert [row.remote_id for row in plan.rows.all()] == [scene.past.remote_id]
    assert "Rename the group “Past clients” to “Alumni”" in page_of(client, plan)
    plan = planned(client, rename, new_name="Alumni", scope="all")
    assert {row.remote_id: row.reason for row in plan.rows.all()} == {
        scene.past.remote_id: "",
        scene.past_of_tom.remote_id: rules.LOCKED,
    }


def test_the_line_of_a_name_offers_changes_of_all_its_groups(scene: Scene) -> None:
    client = browser(scene.admin)
    for query in ("?open=past+clients", "?name=past+clients"):
        page = text(client, at("groups") + query)
        assert "Rename all 2" in page and "Delete all 2" in page and "groups=none" in page
    assert "Rename all" not in text(client, at("groups") + "?name=leads"), "there is one"
    form = client.get(at("change_group", scene.past.pk, "delete") + "?scope=all").context["form"]
    assert form["scope"].value() == "all"


def test_the_line_of_a_name_counts_only_groups_that_the_person_may_change(scene: Scene) -> None:
    client = browser(scene.officer)
    query = at("groups") + "?name=past+clients"
    assert "groups=none" not in text(client, query), "the officer sees one group of this name"
    show(scene.installation.connections.get(user=scene.officer), scene.bob)
    page = text(client, query)
    assert "groups=none" in page and "Rename all" not in page, "the other group is Tom's"
    own = make_group(scene.installation, "PAST clients", scene.maria)
    page = text(client, query)
    assert "Rename all 2" in page and "Delete all" not in page
    first = min(scene.past.pk, own.pk)
    assert at("change_group", first, "rename") in page
    assert client.get(at("change_group", first, "rename") + "?scope=all").status_code == 200


def test_the_page_of_a_deletion_says_who_leaves_the_group_and_which_views_use_it(scene: Scene) -> None:
    client, installation = browser(scene.admin), scene.installation
    editor = make_member(installation, "editor")
    for user, name, shared, query in (
        (scene.admin, "By name", False, {"group": ("Leads",)}),
        (editor, "By group", True, {"group_id": str(scene.leads.pk)}),
        (editor, "Secret", False, {"group": ("Leads", "VIP")}),
        (scene.admin, "Unrelated", False, {"group": ("VIP",)}),
    ):
        saved_views.save(
            user=user,
            installation=installation,
            name=name,
            selection=Selection(**query),
            shown=(),
            is_shared=shared,
        )
    page = page_of(client, planned(client, at("change_group", scene.leads.pk, "delete")))
    assert "1 contact will leave the group." in page and "can't be restored with its members" in page
    assert "By name" in page and "By group" in page and "1 private view of other people" in page
    assert "Secret" not in page and "Unrelated" not in page
    assert "type the number of groups" in page and "Delete 1 group" in page
    page = page_of(client, planned(client, at("change_group", scene.leads.pk, "rename"), new_name="New"))
    assert "By name" in page and "By group" not in page, "a view finds a renamed group by its ID"


@pytest.mark.parametrize("verb", ["rename", "delete"])
def test_a_required_group_leads_to_the_required_groups_first(scene: Scene, verb: str) -> None:
    required_groups.require(scene.installation, "LEADS", scene.admin)
    client = browser(scene.admin)
    address = at("change_group", scene.leads.pk, verb)
    page = text(client, address)
    assert "Remove it from the required groups" in page and at("required_groups") in page
    answer = client.post(address, {"new_name": "New"})
    assert answer.status_code == 200 and not Plan.objects.exists()


def test_a_contact_is_removed_from_the_group_by_a_plan(scene: Scene) -> None:
    client = browser(scene.admin)
    address = at("remove_from_group", scene.past.pk)
    assert address in text(client, at("group", scene.past.pk))
    plan = planned(client, address, contact=str(scene.zoe.pk))
    assert plan.operations["remove_groups"] == ["Past clients"] and plan.selection["ids"] == [scene.zoe.pk]
    for contact in ("", "99999", str(scene.bob.pk)):
        answer = client.post(address, {"contact": contact, "all": "1", "query": ""})
        assert answer.url == at("group", scene.past.pk)
    assert Plan.objects.count() == 1


@pytest.mark.parametrize("name", ["", " ", "'", "\u0301"])
def test_contacts_are_not_removed_from_a_group_without_a_name(scene: Scene, name: str) -> None:
    group = make_group(scene.installation, name, scene.maria)
    contact = make_contact(scene.installation, group, owner=scene.maria)
    client = browser(scene.admin)
    address = at("remove_from_group", group.pk)
    assert address not in text(client, at("group", group.pk))
    answer = client.post(address, {"contact": contact.pk}, follow=True)
    assert "has no name" in answer.content.decode() and not Plan.objects.exists()


def test_required_groups_are_created_and_contacts_fixed_by_one_plan_each(scene: Scene) -> None:
    client = browser(scene.admin)
    vip = required_groups.require(scene.installation, "VIP", scene.admin)
    required_groups.require(scene.installation, "Leads", scene.admin)
    page = text(client, at("required_groups"))
    assert "Fix 2 contacts" in page and "Create it for 1 owner" in page
    plan = planned(client, at("create_required_group", vip.pk))
    assert owners_of(plan) == {scene.tom.remote_id}
    plan = planned(client, at("fix_required_groups", "production"))
    assert set(plan.operations["add_groups"]) == {"VIP", "Leads"} and "missing=yes" in plan.selection["query"]
    make_group(scene.installation, "vip", scene.tom)
    answer = client.post(at("create_required_group", vip.pk), follow=True)
    assert "Every owner has a group of this name" in answer.content.decode()


def test_nothing_is_fixed_where_no_group_is_required(scene: Scene) -> None:
    client = browser(scene.admin)
    assert "Fix" not in text(client, at("required_groups"))
    answer = client.post(at("fix_required_groups", "production"), follow=True)
    assert "No group is required." in answer.content.decode() and not Plan.objects.exists()


def test_the_contacts_to_add_are_chosen_in_the_list_and_the_form_proposes_the_group(scene: Scene) -> None:
    client = browser(scene.admin)
    query = f"owner={scene.maria.pk}&group=Past+clients&groups=none"
    assert query in text(client, at("group", scene.past.pk)).replace("%20", "+")
    form = client.post(
        at("new_bulk_edit", "production"), {"query": "group=Leads&groups=none", "contact": scene.zoe.pk}
    )
    assert form.context["form"]["add_groups"].initial == ["Leads"]


def test_a_loan_officer_plans_only_for_themselves(scene: Scene) -> None:
    client = browser(scene.officer)
    form = text(client, at("new_group", "production"))
    assert "Tom Hale" not in form and "Create it for" not in form
    plan = planned(client, at("new_group", "production"), name="Leads", scope="some", owners=[scene.tom.pk])
    assert owners_of(plan) == {scene.maria.remote_id}
    assert "Rename" in text(client, at("group", scene.past.pk))
    shown = text(client, at("change_group", scene.past.pk, "rename"))
    assert "All 2 groups" not in shown
    assert client.get(at("change_group", scene.leads.pk, "rename")).status_code == 404
    assert client.post(at("change_group", scene.past.pk, "delete")).status_code == 404
    assert client.post(at("remove_from_group", scene.leads.pk), {"contact": scene.bob.pk}).status_code == 404


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_what_a_role_may_not_do_is_not_offered(scene: Scene, role: str) -> None:
    client = browser(make_member(scene.installation, role))
    required_groups.require(scene.installation, "VIP", scene.admin)
    pages = [
        text(client, address)
        for address in (
            at("groups"),
            at("groups") + "?open=past+clients",
            at("group", scene.past.pk),
            at("required_groups"),
        )
    ]
    offered = {
        word
        for word in ("New group", "Rename", "Delete", "Add contacts", "from group", "Fix", "Create it for")
        for page in pages
        if word in page
    }
    expected = {"New group", "Rename", "Add contacts", "from group", "Fix", "Create it for"}
    assert offered == (expected if role == "editor" else set())
    may = {"viewer": 404, "editor": 200}[role]
    assert client.get(at("new_group", "production")).status_code == may
    assert client.get(at("change_group", scene.leads.pk, "rename")).status_code == may
    assert client.get(at("change_group", scene.leads.pk, "delete")).status_code == 404


def test_groups_and_owners_of_another_organization_are_not_there(scene: Scene) -> None:
    harbor = make_installation("harbor")
    owner = make_owner(harbor, "Ida Kern")
    group = make_group(harbor, "Leads", owner)
    row = required_groups.require(harbor, "Leads", scene.admin)
    client = browser(scene.admin)
    assert client.get(at("change_group", group.pk, "rename")).status_code == 404
    assert client.post(at("remove_from_group", group.pk), {"contact": scene.zoe.pk}).status_code == 404
    assert client.post(at("create_required_group", row.pk)).status_code == 404
    answer = client.post(at("new_group", "production"), {"name": "New", "scope": "some", "owners": owner.pk})
    assert answer.status_code == 200 and not Plan.objects.exists()


def test_a_group_of_an_officer_who_has_no_connection_is_not_changed_by_others(scene: Scene) -> None:
    """Without an admin connection, only groups of people who connected can be changed."""
    scene.installation.connections.filter(user=None).delete()
    client = browser(scene.admin)
    plan = planned(client, at("change_group", scene.leads.pk, "rename"), new_name="New")
    assert [row.reason for row in plan.rows.all()] == [rules.NO_WRITER]
    assert "Tom Hale" not in text(client, at("new_group", "production"))
    assert ContactGroup.objects.get(pk=scene.leads.pk).name == "Leads"


def test_a_group_that_was_renamed_since_offers_no_decision_and_is_not_overwritten(scene: Scene) -> None:
    client = browser(scene.admin)
    plan = planned(client, at("change_group", scene.leads.pk, "rename"), new_name="New")
    Plan.objects.filter(pk=plan.pk).update(state="applied")
    plan.rows.update(state=RowState.SET_ASIDE, reason=rules.RENAMED)
    page = page_of(client, plan)
    assert rules.RENAMED in page and "Use mine" not in page and "Keep theirs" not in page
    client.post(at("decide_bulk_edit_row", plan.pk, 1, "overwrite"))
    assert plan.rows.get().state == RowState.SET_ASIDE
