"""The pages of bulk edits, from the chosen contacts to the undo."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.bulk.models import Plan, PlanState, RowState
from integrations.connections.models import Connection
from integrations.directory.models import Contact
from portal.accounts.models import User
from tests.integrations.bulk.conftest import Edit
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(world: World) -> User:
    return world.member("editor")


@pytest.fixture
def client(editor: User) -> Client:
    made = Client()
    made.force_login(editor)
    return made


def at(name: str, connection: Connection, *parts: object) -> str:
    return reverse(name, args=[connection.installation.organization.slug, *parts])


def test_chosen_contacts_become_a_plan_that_is_applied_and_undone(
    admin: Connection, client: Client, run_jobs: Callable[[], None]
) -> None:
    chosen = [str(contact.pk) for contact in Contact.objects.all()[:3]]
    new = at("new_bulk_edit", admin, "sandbox")
    form = client.post(new, {"query": "", "contact": chosen})
    assert "3 contacts" in form.content.decode() and form.context["ids"] == tuple(map(int, chosen))
    client.post(new, {"plan": "1", "query": "", "contact": chosen, "field_1": "city", "value_1": "Duluth"})
    plan = Plan.objects.get()
    page = at("bulk_edit", admin, plan.pk)
    assert 'hx-trigger="every 2s"' in client.get(page).content.decode()
    run_jobs()
    text = client.get(page).content.decode()
    plan.refresh_from_db()
    assert "Set City to “Duluth”" in text and "Change 3 contacts" in text and plan.digest in text
    assert 'hx-trigger="every 2s"' not in text
    client.post(at("change_bulk_edit", admin, plan.pk, "apply"), {"digest": plan.digest})
    run_jobs()
    plan.refresh_from_db()
    assert (plan.state, plan.counts()) == (PlanState.APPLIED, {RowState.DONE: 3})
    answer = client.post(at("change_bulk_edit", admin, plan.pk, "undo"))
    undo = Plan.objects.get(undo_of=plan)
    assert answer.url == at("bulk_edit", admin, undo.pk)
    assert f"Undo bulk edit {plan.pk}" in client.get(at("bulk_edits", admin)).content.decode()


def test_everything_that_matches_is_planned_without_naming_each(
    admin: Connection, client: Client, run_jobs: Callable[[], None]
) -> None:
    state = Contact.objects.exclude(state="").values_list("state", flat=True)[0]
    client.post(
        at("new_bulk_edit", admin, "sandbox"),
        {"plan": "1", "all": "1", "query": f"state={state}", "field_1": "nickname", "value_1": "Friend"},
    )
    run_jobs()
    planned = set(Plan.objects.get().rows.values_list("contact", flat=True))
    assert planned == set(Contact.objects.filter(state=state).values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Choose at least one change."),
        ({"value_1": "Duluth"}, "Choose the field that gets this value."),
        ({"field_1": "city", "field_2": "city"}, "City is chosen twice."),
        ({"field_1": "source"}, "Total Expert requires it"),
        ({"add_groups": "No such group"}, "No such group"),
    ],
)
def test_a_form_that_makes_no_sense_says_why(
    admin: Connection, client: Client, data: dict[str, Any], sentence: str
) -> None:
    contact = Contact.objects.all()[0]
    answer = client.post(at("new_bulk_edit", admin, "sandbox"), {"plan": "1", "contact": contact.pk, **data})
    assert sentence in answer.content.decode()
    assert not Plan.objects.exists()


def test_choosing_nothing_leads_back_to_the_contacts(admin: Connection, client: Client) -> None:
    answer = client.post(at("new_bulk_edit", admin, "sandbox"), {"query": ""})
    assert answer.status_code == 302 and "contacts" in answer.url


def test_contacts_that_one_does_not_see_are_not_planned(
    world: World, admin: Connection, run_jobs: Callable[[], None]
) -> None:
    officer = world.member("officer")
    world.consented(officer)
    client = Client()
    client.force_login(officer)
    everyone = [str(contact.pk) for contact in Contact.objects.all()]
    answer = client.post(
        at("new_bulk_edit", admin, "sandbox"), {"contact": everyone, "plan": "1", "field_1": "city"}
    )
    assert answer.status_code == 302
    run_jobs()
    visible = Contact.objects.all().visible_to(officer, admin.installation.organization)
    for plan in Plan.objects.all():
        assert set(plan.rows.values_list("contact", flat=True)) <= set(visible.values_list("pk", flat=True))


def test_a_plan_is_not_applied_with_a_digest_of_another(
    admin: Connection, client: Client, plan: Edit
) -> None:
    made = plan(*Contact.objects.all()[:2], fields={"city": "Duluth"})
    client.post(at("change_bulk_edit", admin, made.pk, "apply"), {"digest": "x"})
    made.refresh_from_db()
    assert made.state == PlanState.READY
    assert "Review it again" in client.get(at("bulk_edit", admin, made.pk)).content.decode()


def test_rows_are_limited_to_an_outcome_and_downloaded(
    world: World, admin: Connection, client: Client, plan: Edit
) -> None:
    city = Contact.objects.exclude(city="").first()
    assert city is not None
    made = plan(fields={"city": city.city})
    shown = client.get(at("bulk_edit", admin, made.pk), {"state": "unchanged"}).context["page"].rows
    assert shown and {row.state for row in shown} == {"unchanged"}
    assert client.get(at("bulk_edit_rows", admin, made.pk)).status_code == 404, "not for editors"
    client.force_login(world.operator)
    lines = client.get(at("bulk_edit_rows", admin, made.pk)).getvalue().decode("utf-8-sig").splitlines()
    assert lines[0] == "row,ID,outcome,reason" and len(lines) == made.rows.count() + 1


def test_the_pages_cost_the_same_queries_however_many_rows(
    admin: Connection, client: Client, plan: Edit, django_assert_max_num_queries: Any
) -> None:
    few = plan(*Contact.objects.all()[:2], fields={"city": "Duluth"})
    many = plan(fields={"city": "Duluth"})
    for made in (few, many):
        client.get(at("bulk_edit", admin, made.pk))
        with django_assert_max_num_queries(45):
            client.get(at("bulk_edit", admin, made.pk))


@pytest.mark.parametrize(("zone", "is_chosen"), [("UTC", True), ("America/Los_Angeles", False)])
def test_a_filter_by_day_means_the_days_of_whoever_planned_the_edit(
    admin: Connection, plan: Edit, zone: str, is_chosen: bool
) -> None:
    contact = Contact.objects.all()[0]
    Contact.objects.update(remote_updated_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    Contact.objects.filter(pk=contact.pk).update(remote_updated_at=dt.datetime(2026, 3, 2, 2, tzinfo=dt.UTC))
    with timezone.override(zone):
        made = plan(query="updated=2026-03-02", fields={"city": "Duluth"})
    assert made.rows.filter(contact=contact).exists() is is_chosen
    assert made.state == (PlanState.READY if is_chosen else PlanState.FAILED)


def test_rows_of_contacts_that_an_officer_no_longer_sees_show_nothing_of_them(
    world: World, admin: Connection, plan: Edit
) -> None:
    officer = world.member("officer")
    contact = Contact.objects.exclude(city="").first()
    assert contact is not None
    made = plan(contact, fields={"city": "Duluth"})
    Plan.objects.filter(pk=made.pk).update(created_by=officer)
    client = Client()
    client.force_login(officer)
    text = client.get(at("bulk_edit", admin, made.pk)).content.decode()
    assert "A contact that you can&#x27;t see" in text
    assert contact.last_name not in text and contact.city not in text
    answer = client.post(
        at("change_bulk_edit", admin, made.pk, "apply"), {"digest": made.digest}, follow=True
    )
    made.refresh_from_db()
    assert made.state == PlanState.READY and "connections that aren" in answer.content.decode()
