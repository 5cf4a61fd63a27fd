"""One contact is edited: only what a person changes is planned, and only what they may see is shown."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from integrations import total_expert
from integrations.bulk.fields import FIELDS, custom_values_in
from integrations.bulk.models import Plan, PlanState, RowState
from integrations.connections.models import Connection
from integrations.directory.models import Contact, ContactGroup, Membership
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from tests.integrations.bulk.contact.pages import at, browser, form_of
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
EVIDENCE = "They signed the paper form of May 2026."
Run = Callable[[], None]


@pytest.fixture
def client(world: World) -> Client:
    return browser(world.member("editor"))


def edit(client: Client, contact: Contact, **changes: Any) -> Any:
    """Open the form, change some of its inputs, and send all of them, as a browser does."""
    address = at("edit_contact", contact, contact.pk)
    return client.post(address, form_of(client.get(address)).filled(**changes))


def test_a_changed_field_is_planned_alone_reviewed_and_sent(
    admin: Connection, client: Client, over_there: total_expert.Client, run_jobs: Run
) -> None:
    contact = Contact.objects.exclude(city="").first()
    assert contact is not None
    answer = edit(client, contact, city="Duluth")
    made = Plan.objects.get()
    row = made.rows.get()
    assert answer.url == at("bulk_edit", contact, made.pk)
    assert (made.state, row.state) == (PlanState.READY, RowState.PLANNED)
    assert row.before == {"fields": {"city": contact.city}} and row.after == {"fields": {"city": "Duluth"}}
    text = client.get(answer.url).content.decode()
    assert "Change 1 contact" in text and contact.city in text and "Duluth" in text
    client.post(at("change_bulk_edit", contact, made.pk, "apply"), {"digest": made.digest})
    run_jobs()
    assert over_there.contacts.get(contact.remote_id).city == "Duluth"


def test_saving_an_unchanged_form_makes_no_plan(admin: Connection, client: Client) -> None:
    for contact in Contact.objects.all():
        answer = edit(client, contact)
        assert answer.url == at("contact", contact, contact.pk)
    assert "changed anything" in client.get(answer.url).content.decode()
    assert not Plan.objects.exists()


def test_every_field_can_be_edited_and_is_labeled(admin: Connection, client: Client) -> None:
    page = client.get(at("edit_contact", admin, Contact.objects.all()[0].pk))
    shown = form_of(page).values
    assert FIELDS.keys() <= shown.keys()
    for field in FIELDS.values():
        assert f">{field.label}</label>" in page.content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "ann at home"}, "Email is not an email address."),
        ({"phone_cell": "call me"}, "Cell phone is not a phone number."),
        ({"website_url": "no site"}, "Website is not a web address."),
        ({"close_date": "soon"}, "Close date is not a date."),
        ({"first_name": ""}, "First name can&#x27;t be cleared"),
        ({"source": ""}, "Source can&#x27;t be cleared"),
        ({"credit_score": "Superb"}, "Superb is not one of the available choices"),
        ({"city": "x" * 121}, "City is longer than 120 characters."),
    ],
)
def test_a_wrong_value_is_refused_beside_its_field(
    admin: Connection, client: Client, changes: dict[str, Any], sentence: str
) -> None:
    [name] = changes
    text = edit(client, Contact.objects.all()[0], **changes).content.decode()
    assert sentence in text and f'id="id_{name}_error"' in text
    assert not Plan.objects.exists()


def test_groups_are_joined_and_left_and_locked_ones_stay(
    admin: Connection, client: Client, over_there: total_expert.Client, run_jobs: Run
) -> None:
    membership = Membership.objects.exclude(group__user_editable=False).select_related("contact__owner")[0]
    contact, left = membership.contact, membership.group
    own = ContactGroup.objects.filter(owner=contact.owner, gone_at=None)
    joined = own.exclude(memberships__contact=contact)[0]
    locked = own.exclude(pk__in=[left.pk, joined.pk])[0]
    ContactGroup.objects.filter(pk=locked.pk).update(user_editable=False)
    kept = list(own.filter(memberships__contact=contact).exclude(pk__in=[left.pk, locked.pk]))
    page = client.get(at("edit_contact", contact, contact.pk))
    assert "Total Expert doesn&#x27;t allow changes to it" in page.content.decode()
    edit(client, contact, groups=[str(group.pk) for group in [*kept, joined]])
    row = Plan.objects.get().rows.get()
    assert row.before == {"groups": [left.remote_id]} and row.after == {"groups": [joined.remote_id]}


def test_a_custom_field_is_set_and_cleared(
    admin: Connection, client: Client, over_there: total_expert.Client, run_jobs: Run
) -> None:
    contact = Contact.objects.all()[0]
    over_there.contacts.update(
        contact.remote_id, {"custom": total_expert.custom_values({"custom_string": "Blue"})}
    )
    queue.run_now(sync_jobs.start(connection=admin))
    other = Contact.objects.exclude(pk=contact.pk)[0]
    for row, typed in ((contact, ""), (other, "Green")):
        page = client.get(at("edit_contact", row, row.pk))
        name = form_of(page).named("custom_string")
        answer = edit(client, row, **{name: typed})
        made = Plan.objects.latest("pk")
        client.post(at("change_bulk_edit", row, made.pk, "apply"), {"digest": made.digest})
        assert answer.status_code == 302
    run_jobs()
    found = [custom_values_in(over_there.contacts.get(row.remote_id).raw) for row in (contact, other)]
    assert not found[0].get("custom_string") and found[1]["custom_string"] == "Green"


def test_what_total_expert_changed_meanwhile_is_shown_before_it_is_overwritten(
    admin: Connection, client: Client, over_there: total_expert.Client
) -> None:
    contact = Contact.objects.exclude(city="").first()
    assert contact is not None
    address = at("edit_contact", contact, contact.pk)
    opened = form_of(client.get(address))
    over_there.contacts.update(contact.remote_id, {"city": "Ely", "nickname": "Theirs"})
    queue.run_now(sync_jobs.start(connection=admin))
    again = client.post(address, opened.filled(city="Duluth"))
    assert "Total Expert changed this to “Ely”" in again.content.decode()
    assert form_of(again).values["nickname"] == ["Theirs"], "what nobody touched follows"
    client.post(address, form_of(again).filled())
    assert Plan.objects.get().rows.get().after == {"fields": {"city": "Duluth"}}


def test_a_field_that_changed_meanwhile_is_not_put_back_by_a_form_that_left_it_alone(
    admin: Connection, client: Client, over_there: total_expert.Client
) -> None:
    contact = Contact.objects.all()[0]
    address = at("edit_contact", contact, contact.pk)
    opened = form_of(client.get(address))
    over_there.contacts.update(contact.remote_id, {"city": "Ely"})
    queue.run_now(sync_jobs.start(connection=admin))
    client.post(address, opened.filled(nickname="Annie"))
    assert Plan.objects.get().rows.get().after == {"fields": {"nickname": "Annie"}}


def test_granting_consent_asks_for_evidence_and_revoking_it_does_not(
    admin: Connection, client: Client, over_there: total_expert.Client
) -> None:
    contact = Contact.objects.all()[0]
    over_there.contacts.update(contact.remote_id, {"ok_to_call": False, "ok_to_mail": True})
    queue.run_now(sync_jobs.start(connection=admin))
    assert "how these contacts gave" in edit(client, contact, ok_to_call="yes").content.decode()
    assert not Plan.objects.exists()
    edit(client, contact, ok_to_call="yes", evidence=EVIDENCE)
    granted = Plan.objects.get()
    assert granted.grants_consent and granted.evidence == EVIDENCE
    edit(client, contact, ok_to_mail="no")
    assert not Plan.objects.latest("pk").grants_consent


def test_a_flag_without_a_value_is_unknown_and_can_be_set(admin: Connection, client: Client) -> None:
    contact = Contact.objects.all()[0]
    raw = {**contact.document.raw, "ok_to_mail": None}
    type(contact.document).objects.filter(contact=contact).update(raw=raw)
    page = client.get(at("edit_contact", contact, contact.pk))
    assert form_of(page).options["ok_to_mail"] == ["", "yes", "no"]
    assert form_of(page).values["ok_to_mail"] == [""]
    edit(client, contact, ok_to_mail="no")
    assert Plan.objects.get().rows.get().after == {"fields": {"ok_to_mail": False}}


def test_an_officer_sees_and_changes_only_what_their_connection_shows(
    world: World, admin: Connection, run_jobs: Run
) -> None:
    officer = world.member("officer")
    own = world.consented(officer)
    sync_jobs.start(connection=own)
    run_jobs()
    contact = Contact.objects.filter(visibilities__connection=own).select_related("document")[0]
    shown = [name for name in contact.document.shown or [] if name not in ("nickname", "employer_name")]
    raw = {**contact.document.raw, "employer_name": "Ironworks", "nickname": "Annie"}
    type(contact.document).objects.filter(contact=contact).update(raw=raw, shown=shown)
    Contact.objects.filter(pk=contact.pk).update(as_admin=True)
    page = browser(officer).get(at("edit_contact", contact, contact.pk))
    values = form_of(page).values
    assert "employer_name" not in values and "nickname" not in values and "city" in values
    assert "Ironworks" not in page.content.decode()
    edit(browser(officer), contact, city="Duluth", employer_name="Mine")
    row = Plan.objects.get().rows.get()
    assert row.after == {"fields": {"city": "Duluth"}} and row.connection == own
    unseen = Contact.objects.exclude(visibilities__connection=own)[0]
    assert browser(officer).get(at("edit_contact", unseen, unseen.pk)).status_code == 404


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        ("viewer", []),
        ("editor", ["edit"]),
        ("admin", ["edit", "owner", "delete"]),
    ],
)
def test_a_contacts_page_offers_what_a_role_may_do(
    world: World, admin: Connection, role: str, offered: list[str]
) -> None:
    contact = Contact.objects.all()[0]
    person = browser(world.member(role))
    text = person.get(at("contact", contact, contact.pk)).content.decode()
    addresses = {"edit": "edit_contact", "owner": "change_contact_owner", "delete": "delete_contact"}
    for name, address in addresses.items():
        assert (at(address, contact, contact.pk) in text) is (name in offered)
        answer = person.post(at(address, contact, contact.pk))
        assert (answer.status_code == 404) is (name not in offered)


def test_contacts_of_other_organizations_and_gone_ones_are_not_edited(
    world: World, admin: Connection, client: Client
) -> None:
    contact, gone = Contact.objects.all()[:2]
    elsewhere = browser(world.member("admin", BLUEWATER))
    for name in ("edit_contact", "change_contact_owner", "delete_contact"):
        assert elsewhere.post(at(name, contact, contact.pk)).status_code == 404
    Contact.objects.filter(pk=gone.pk).update(gone_at=gone.synced_at)
    assert client.get(at("edit_contact", gone, gone.pk)).status_code == 404
    assert "Edit</a>" not in client.get(at("contact", gone, gone.pk)).content.decode()


def test_a_contact_that_no_connection_can_change_is_refused_with_a_sentence(
    admin: Connection, client: Client
) -> None:
    Connection.objects.update(state="revoked")
    answer = edit(client, Contact.objects.all()[0], city="Duluth")
    assert "No working connection can change this contact." in answer.content.decode()
    assert not Plan.objects.exists()
