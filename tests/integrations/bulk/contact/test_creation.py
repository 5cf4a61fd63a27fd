"""Contacts are created through a plan, given to another owner, and deleted, each with its consequences shown first."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from integrations import total_expert
from integrations.bulk.contact import duplicates
from integrations.bulk.models import Plan, PlanState, RowAction, RowState
from integrations.connections.models import Connection
from integrations.directory import required_groups
from integrations.directory.models import Contact, Owner, RequiredGroup
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from tests.integrations.bulk.contact.pages import at, browser, form_of
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
Run = Callable[[], None]
NEW = {"first_name": "Zed", "last_name": "Quill", "source": "Open house", "email": "zed@quill.example"}


@pytest.fixture
def client(world: World) -> Client:
    return browser(world.member("admin"))


@pytest.fixture
def owner(admin: Connection, over_there: total_expert.Client) -> Owner:
    """An owner with a group called Quarterly letter."""
    found = Owner.objects.filter(contact_groups__isnull=False).exclude(is_active=False)[0]
    over_there.contact_groups.create({"group_name": "Quarterly letter"}, owner={"id": found.remote_id})
    queue.run_now(sync_jobs.start(connection=admin))
    return found


def new(client: Client, admin: Connection, **changes: Any) -> Any:
    address = at("new_contact", admin, "sandbox")
    return client.post(address, form_of(client.get(address)).filled(**{**NEW, **changes}))


def apply(client: Client, made: Plan, run_jobs: Run, **data: Any) -> None:
    client.post(at("change_bulk_edit", made, made.pk, "apply"), {"digest": made.digest, **data})
    run_jobs()


def test_a_contact_is_created_in_the_groups_that_are_required(
    world: World,
    admin: Connection,
    client: Client,
    owner: Owner,
    over_there: total_expert.Client,
    run_jobs: Run,
) -> None:
    required_groups.require(admin.installation, "Quarterly letter", world.operator)
    address = at("new_contact", admin, "sandbox")
    assert "Will also join “Quarterly letter”, which this organization requires." in (
        client.get(address).content.decode()
    )
    answer = new(client, admin, owner=owner.email, phone_cell="612 555 0142", ok_to_mail="no")
    made = Plan.objects.get()
    row = made.rows.get()
    assert answer.url == at("bulk_edit", made, made.pk)
    assert (made.state, row.action, row.remote_id) == (PlanState.READY, RowAction.CREATE, None)
    text = client.get(answer.url).content.decode()
    assert "Create 1 contact" in text and "Quarterly letter" in text and owner.display_name in text
    apply(client, made, run_jobs)
    row.refresh_from_db()
    assert row.state == RowState.DONE, row.reason
    there = over_there.contacts.get(row.result_id or 0)
    assert (there.first_name, there.last_name, there.email) == ("Zed", "Quill", "zed@quill.example")
    assert there.owner is not None and there.owner.id == owner.remote_id
    assert "Quarterly letter" in {group.group_name for group in there.contact_groups}
    assert Contact.objects.filter(remote_id=row.result_id).exists(), "the synced copy follows"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first_name": ""}, "First name can&#x27;t be empty"),
        ({"last_name": ""}, "Last name can&#x27;t be empty"),
        ({"source": ""}, "Source can&#x27;t be empty"),
        ({"email": ""}, "Enter an email address, a phone number, or a full address"),
        ({"email": "", "address": "1 Main St", "city": "Ely", "state": "MN"}, "or a full address"),
        ({"email": "zed"}, "Email is not an email address."),
        ({"phone_cell": "call me"}, "Cell phone is not a phone number."),
        ({"owner": "Nobody Atall"}, "no active owner of this name"),
        ({"owner": ""}, "This field is required"),
        ({"ok_to_call": "yes"}, "how these contacts gave"),
    ],
)
def test_what_total_expert_would_refuse_is_refused_here(
    admin: Connection, client: Client, changes: dict[str, Any], sentence: str
) -> None:
    owner = Owner.objects.exclude(is_active=False)[0]
    answer = new(client, admin, **{"owner": owner.email or owner.username, **changes})
    assert sentence in answer.content.decode()
    assert not Plan.objects.exists()


def test_an_owner_who_lacks_a_required_group_is_refused_with_a_way_out(
    world: World, admin: Connection, client: Client, owner: Owner
) -> None:
    required_groups.require(admin.installation, "Quarterly letter", world.operator)
    other = Owner.objects.exclude(pk=owner.pk).exclude(is_active=False)[0]
    text = new(client, admin, owner=other.email).content.decode()
    assert f"{other.display_name} has no group “Quarterly letter”" in text
    assert "Create the missing groups" in text and at("required_groups", admin) in text
    assert not Plan.objects.exists()


def test_a_group_that_the_owner_lacks_is_refused(admin: Connection, client: Client, owner: Owner) -> None:
    other = Owner.objects.exclude(pk=owner.pk).exclude(is_active=False)[0]
    text = new(client, admin, owner=other.email, groups=["Quarterly letter"]).content.decode()
    assert "has no group “Quarterly letter”" in text


def test_possible_duplicates_are_shown_before_anything_is_planned(admin: Connection, client: Client) -> None:
    known = Contact.objects.exclude(email="").exclude(owner=None).select_related("owner")[0]
    assert known.owner is not None
    own = {"first_name": known.first_name, "last_name": known.last_name, "email": known.email}
    shown = new(client, admin, owner=known.owner.email, **own)
    text = shown.content.decode()
    assert "may be the same person" in text and at("contact", known, known.pk) in text
    assert "will update this contact instead" in text
    assert not Plan.objects.exists()
    sent = form_of(shown)
    changed = client.post(at("new_contact", admin, "sandbox"), sent.filled(seen="0" * 16))
    assert "may be the same person" in changed.content.decode()
    client.post(at("new_contact", admin, "sandbox"), sent.filled())
    assert Plan.objects.get().rows.get().action == RowAction.CREATE


@pytest.mark.parametrize(
    ("same", "is_updated"),
    [
        (("first_name", "last_name", "email"), True),
        (("first_name", "last_name", "phone_cell"), True),
        (("first_name", "last_name"), False),
        (("email",), False),
        (("phone_cell",), False),
        ((), None),
    ],
)
def test_a_duplicate_is_told_by_the_rule_of_total_expert(
    world: World, admin: Connection, same: tuple[str, ...], is_updated: bool | None
) -> None:
    known = Contact.objects.exclude(email="").exclude(phone_cell="").exclude(owner=None)[0]
    new = {
        "first_name": "Zed",
        "last_name": "Quill",
        "email": "zed@quill.example",
        "phone_cell": "3125550198",
    }
    new |= {name: getattr(known, name) for name in same}
    assert known.owner is not None
    found = duplicates.find(admin.installation, world.operator, known.owner, new)
    mine = [each.is_updated for each in found if each.contact.pk == known.pk]
    assert mine == ([] if is_updated is None else [is_updated])


@pytest.mark.parametrize("field", ["email", "email_work", "phone_home", "external_id"])
@pytest.mark.parametrize("is_shown", [True, False])
def test_an_officer_learns_nothing_about_values_that_are_hidden_from_them(
    world: World, admin: Connection, run_jobs: Run, field: str, is_shown: bool
) -> None:
    officer = world.member("officer")
    own = world.consented(officer)
    sync_jobs.start(connection=own)
    run_jobs()
    known = Contact.objects.all().visible_to(officer, own.installation.organization)[0]
    given = {"phone_home": "612 555 0187"}.get(field, "hidden@value.example")
    known.document.raw |= {field: given, "source": "Open house"}
    known.document.shown = ["first_name", "last_name", "source", *([field] if is_shown else [])]
    known.document.save()
    columns = {"as_admin": True, field: given, "search": f"{known.search} hidden@value.example 6125550187"}
    Contact.objects.filter(pk=known.pk).update(**columns)
    assert known.owner is not None
    guess = {"first_name": "Zed", "last_name": "Quill", "source": "Open house", field: given}
    if field == "external_id":
        guess |= {"first_name": known.first_name, "last_name": known.last_name}
    found = duplicates.find(admin.installation, officer, known.owner, guess)
    mine = [each.is_updated for each in found if each.contact.pk == known.pk]
    hidden: list[bool] = [False] if field == "external_id" else []
    assert mine == ([field == "external_id"] if is_shown else hidden)


def test_an_officer_creates_contacts_of_their_own(
    world: World, admin: Connection, over_there: total_expert.Client, run_jobs: Run
) -> None:
    officer = world.member("officer")
    own = world.consented(officer)
    sync_jobs.start(connection=own)
    run_jobs()
    client = browser(officer)
    page = client.get(at("new_contact", admin, "sandbox"))
    assert "owner" not in form_of(page).values
    new(client, admin)
    made = Plan.objects.get()
    row = made.rows.get()
    assert row.connection == own and row.after["owner"] == own.sync_state.owner.remote_id
    apply(client, made, run_jobs)
    row.refresh_from_db()
    there = over_there.contacts.get(row.result_id or 0)
    assert there.owner is not None and there.owner.id == own.sync_state.owner.remote_id


def test_a_refused_create_suggests_the_groups_and_a_confirmed_suggestion_mends_it(
    world: World, over_there: total_expert.Client, run_jobs: Run
) -> None:
    bluewater = world.connected(BLUEWATER)
    queue.run_now(sync_jobs.start(connection=bluewater))
    needed = set(world.sandbox.organization(BLUEWATER)["required_groups"])
    owner = Owner.objects.filter(
        installation=bluewater.installation, contact_groups__name=sorted(needed)[0]
    ).exclude(is_active=False)[0]
    client = browser(world.member("admin", BLUEWATER))
    new(client, bluewater, owner=owner.email)
    first = Plan.objects.get()
    apply(client, first, run_jobs)
    assert needed and first.rows.get().state == RowState.FAILED
    suggested = RequiredGroup.objects.filter(installation=bluewater.installation)
    assert {(row.name, row.state) for row in suggested} == {(name, "suggested") for name in needed}
    for row in suggested:
        required_groups.require(bluewater.installation, row.name, world.operator)
    new(client, bluewater, owner=owner.email)
    second = Plan.objects.latest("pk")
    assert len(second.rows.get().after["groups"]) == len(needed)
    apply(client, second, run_jobs)
    assert second.rows.get().state == RowState.DONE, second.rows.get().reason


@pytest.mark.parametrize(("role", "status"), [("viewer", 404), ("editor", 200), ("officer", 404)])
def test_only_roles_that_edit_create_contacts(
    world: World, admin: Connection, role: str, status: int
) -> None:
    person = browser(world.member(role))
    assert person.get(at("new_contact", admin, "sandbox")).status_code == status
    elsewhere = browser(world.member("admin", BLUEWATER))
    assert elsewhere.get(at("new_contact", admin, "sandbox")).status_code == 404


def test_a_contact_is_given_to_another_owner(
    admin: Connection, client: Client, over_there: total_expert.Client, run_jobs: Run
) -> None:
    contact = Contact.objects.exclude(owner=None)[0]
    address = at("change_contact_owner", contact, contact.pk)
    other = Owner.objects.exclude(pk=contact.owner_id).exclude(is_active=False)[0]
    page = client.get(address).content.decode()
    assert "It leaves the groups that the new owner" in page
    client.post(address, {"owner": other.email})
    made = Plan.objects.get()
    assert f"Give 1 contact to {other.display_name}" in (
        client.get(at("bulk_edit", made, made.pk)).content.decode().replace("&#x27;", "'")
    )
    apply(client, made, run_jobs)
    there = over_there.contacts.get(contact.remote_id)
    assert there.owner is not None and there.owner.id == other.remote_id


def test_without_an_admin_connection_nobody_is_given_a_contact(
    world: World, admin: Connection, client: Client, run_jobs: Run
) -> None:
    own = world.consented(world.member("officer"))
    sync_jobs.start(connection=own)
    run_jobs()
    Connection.objects.filter(pk=admin.pk).update(state="revoked")
    contact = Contact.objects.filter(visibilities__connection=own)[0]
    reason = "Only an admin connection can give contacts to another owner."
    assert reason in client.get(at("contact", contact, contact.pk)).content.decode()
    other = Owner.objects.exclude(pk=contact.owner_id).exclude(is_active=False)[0]
    answer = client.post(at("change_contact_owner", contact, contact.pk), {"owner": other.email})
    assert reason in answer.content.decode() and not Plan.objects.exists()


def test_a_contact_is_deleted_after_its_count_is_typed(
    admin: Connection, client: Client, over_there: total_expert.Client, run_jobs: Run
) -> None:
    contact = Contact.objects.all()[0]
    client.post(at("delete_contact", contact, contact.pk))
    made = Plan.objects.get()
    text = client.get(at("bulk_edit", made, made.pk)).content.decode()
    assert "Delete 1 contact" in text and "Deleted contacts can&#x27;t be restored." in text
    apply(client, made, run_jobs)
    assert made.rows.get().state == RowState.PLANNED, "the count was not typed"
    apply(client, made, run_jobs, count="1")
    left = {each.id for each in over_there.contacts.all()}
    assert (contact.remote_id in left) is (made.rows.get().state == RowState.FAILED)


def test_several_owners_of_a_name_are_told_apart(admin: Connection, client: Client) -> None:
    first, second = Owner.objects.exclude(is_active=False)[:2]
    for row in (first, second):
        row.first_name, row.last_name = "Maria", "Lopez"
        row.save()
    text = new(client, admin, owner="maria lopez").content.decode()
    assert "Several owners match" in text
    new(client, admin, owner=f"Maria Lopez ({second.email})")
    assert Plan.objects.get().rows.get().after["owner"] == second.remote_id
