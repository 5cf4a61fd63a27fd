"""The form of bulk edits: every operation by its own inputs, as far as a role may use it."""

from typing import Any

import pytest
from django.test import Client

from integrations.bulk.models import Plan
from integrations.connections.models import Connection
from integrations.directory.models import Contact, Owner
from tests.integrations.bulk.contact.pages import at, browser, form_of
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
EVIDENCE = "They signed the paper form of May 2026."


@pytest.fixture
def client(world: World) -> Client:
    return browser(world.member("admin"))


def send(client: Client, admin: Connection, **data: Any) -> Any:
    contact = Contact.objects.all()[0]
    return client.post(at("new_bulk_edit", admin, "sandbox"), {"plan": "1", "contact": contact.pk, **data})


def group_name(number: int) -> str:
    return sorted(
        set(
            Contact.objects.filter(memberships__isnull=False).values_list(
                "memberships__group__name", flat=True
            )
        )
    )[number]


@pytest.mark.parametrize(
    ("data", "operations"),
    [
        ({"field_1": "city", "value_1": "Duluth"}, {"fields": {"city": "Duluth"}}),
        ({"field_1": "city"}, {"fields": {"city": ""}}),
        ({"field_2": "ok_to_call", "value_2": "no"}, {"fields": {"ok_to_call": False}}),
        ({"field_2": "ok_to_call", "value_2": "No"}, {"fields": {"ok_to_call": False}}),
        ({"field_3": "close_date", "value_3": "2026-03-01"}, {"fields": {"close_date": "2026-03-01"}}),
        ({"field_3": "close_date", "value_3": "3/1/2026"}, {"fields": {"close_date": "2026-03-01"}}),
        ({"field_1": "credit_score", "value_1": "Good"}, {"fields": {"credit_score": "Good"}}),
        ({"custom_name": "custom_string", "custom_value": "Blue"}, {"custom": {"custom_string": "Blue"}}),
        ({"custom_name": "custom_string"}, {"custom": {"custom_string": None}}),
        (
            {"search_field": "website_url", "find": "http://", "replace": "https://"},
            {"replacements": [{"field": "website_url", "find": "http://", "replace": "https://"}]},
        ),
        ({"replace_groups": "on"}, {"groups": []}),
        ({"delete": "on"}, {"delete": True}),
    ],
)
def test_each_operation_is_planned_from_its_own_inputs(
    admin: Connection, client: Client, data: dict[str, str], operations: dict[str, Any]
) -> None:
    answer = send(client, admin, **data)
    assert answer.status_code == 302, form_of(answer)
    stored = Plan.objects.get().operations
    assert {name: stored[name] for name in operations} == operations


def test_groups_are_replaced_by_the_chosen_ones(admin: Connection, client: Client) -> None:
    send(client, admin, add_groups=[group_name(0)], replace_groups="on")
    stored = Plan.objects.get().operations
    assert (stored["groups"], stored["add_groups"]) == ([group_name(0)], [])


def test_a_new_owner_is_chosen_by_name_or_email(admin: Connection, client: Client) -> None:
    owner = Owner.objects.exclude(is_active=False).exclude(email="")[0]
    send(client, admin, owner=f"{owner.display_name} ({owner.email})")
    assert Plan.objects.get().operations["owner"] == owner.remote_id


@pytest.mark.parametrize(
    ("data", "sentence", "opened"),
    [
        ({"search_field": "city"}, "Enter the text to find.", "Find and replace"),
        ({"find": "x"}, "Choose the field to search.", "Find and replace"),
        ({"owner": "Nobody Atall"}, "There is no active owner of this name.", "Owner"),
        ({"delete": "on", "field_1": "city"}, "can&#x27;t be changed as well", "Delete"),
        ({"replace_groups": "on", "remove_groups": "GROUP"}, "Either replace all groups", ""),
        ({"custom_value": "Blue"}, "Enter the custom field that gets this value.", ""),
        ({"field_1": "ok_to_call", "value_1": "maybe"}, "OK to call must be yes or no.", ""),
        ({"field_1": "close_date", "value_1": "soon"}, "Close date is not a date.", ""),
        ({"field_1": "email", "value_1": "a@b.example"}, "Select a valid choice", ""),
        ({"field_1": "ok_to_mail", "value_1": "yes"}, "how these contacts gave their consent", ""),
        ({"field_1": "ok_to_mail", "value_1": "yes", "evidence": "yes"}, "how these contacts gave", ""),
    ],
)
def test_a_form_that_makes_no_sense_says_why_and_opens_its_section(
    admin: Connection, client: Client, data: dict[str, str], sentence: str, opened: str
) -> None:
    if data.get("remove_groups"):
        data = {**data, "remove_groups": group_name(0)}
    html = send(client, admin, **data).content.decode()
    assert sentence in html and not Plan.objects.exists()
    for name in ("Find and replace", "Owner", "Delete"):
        before = html.split(f"<summary>{name}</summary>")[0]
        assert before.rstrip().endswith('class="section" open>') is (name == opened)


def test_evidence_is_kept_with_the_plan(admin: Connection, client: Client) -> None:
    send(client, admin, field_1="ok_to_mail", value_1="yes", evidence=EVIDENCE)
    made = Plan.objects.get()
    assert made.grants_consent and made.evidence == EVIDENCE


def test_editors_neither_delete_nor_change_owners(world: World, admin: Connection) -> None:
    editor = browser(world.member("editor"))
    contact = Contact.objects.all()[0]
    page = editor.post(at("new_bulk_edit", admin, "sandbox"), {"contact": contact.pk})
    assert not {"owner", "delete"} & form_of(page).values.keys()
    assert "<summary>Delete" not in page.content.decode()
    answer = send(editor, admin, delete="on", owner=Owner.objects.all()[0].email)
    assert "Choose at least one change." in answer.content.decode()
    assert not Plan.objects.exists()


def test_without_an_admin_connection_the_owner_cannot_be_changed_and_the_form_says_why(
    world: World, admin: Connection, client: Client
) -> None:
    Connection.objects.update(state="revoked")
    contact = Contact.objects.all()[0]
    page = client.post(at("new_bulk_edit", admin, "sandbox"), {"contact": contact.pk})
    html = page.content.decode()
    assert "Only an admin connection can give contacts to another owner." in html
    assert "owner" not in form_of(page).values, "a disabled input is not sent"
    send(client, admin, owner=Owner.objects.all()[0].email)
    assert not Plan.objects.exists()


@pytest.mark.parametrize(
    ("field", "looks"),
    [
        ("ok_to_call", "<select"),
        ("credit_score", "Very Poor"),
        ("close_date", 'type="date"'),
        ("phone_home", 'type="text"'),
        ("city", 'type="text"'),
        ("", 'type="text"'),
        ("email", 'type="text"'),
        ("nonsense", 'type="text"'),
    ],
)
def test_the_input_of_a_value_is_of_the_kind_of_its_field(
    world: World, admin: Connection, client: Client, field: str, looks: str
) -> None:
    address = at("bulk_edit_value", admin, "sandbox", 2)
    html = client.get(address, {"field_2": field}).content.decode()
    assert looks in html and 'name="value_2"' in html
    assert browser(world.member("viewer")).get(address).status_code == 404
    assert browser(world.member("admin", BLUEWATER)).get(address).status_code == 404


@pytest.mark.parametrize(
    ("before", "field", "status"),
    [
        ("text", "phone_home", 204),
        ("text", "ok_to_call", 200),
        ("flag", "ok_to_mail", 204),
        ("date", "city", 200),
    ],
)
def test_what_is_typed_stays_while_the_kind_of_input_does(
    admin: Connection, client: Client, before: str, field: str, status: int
) -> None:
    answer = client.get(at("bulk_edit_value", admin, "sandbox", 1), {"field_1": field, "kind_1": before})
    assert answer.status_code == status
