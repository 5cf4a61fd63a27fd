"""The plan of a file says for each row what it creates or changes, or in a sentence why not."""

from collections.abc import Callable

import pytest

from integrations import total_expert
from integrations.bulk.models import Plan, PlanState, RowAction, RowKey, RowState
from integrations.connections.models import Connection
from integrations.directory import required_groups
from integrations.directory.models import Contact, ContactGroup, Owner
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from portal.core import clock
from tests.integrations.bulk.files.conftest import Import, csv_of, make_plan
from tests.integrations.bulk.files.odd_files import xlsx
from tests.world import World

pytestmark = pytest.mark.django_db

HEADS = ("First name", "Last name", "Email")
ANN = ("Ann", "Quill", "ann.quill@new.example")


def outcomes(plan: Plan) -> list[tuple[int, str, str, str]]:
    return [(row.number, row.action, row.state, row.reason) for row in plan.rows.order_by("number")]


def reasons(plan: Plan) -> list[str]:
    assert {row.state for row in plan.rows.exclude(reason="")} <= {RowState.REFUSED}
    return [row.reason for row in plan.rows.order_by("number")]


def test_rows_create_contacts_change_them_or_have_nothing_to_do(
    owner: Owner,
    known: Contact,
    import_rows: Import,
    apply: Callable[..., Plan],
    over_there: total_expert.Client,
) -> None:
    made = import_rows(
        (*HEADS, "City"),
        (*ANN, "Duluth"),
        (known.first_name, known.last_name, known.email, "Ely"),
        ("Bo", "Lund", "bo.lund@new.example", ""),
        owner=owner.remote_id,
    )
    assert made.state == PlanState.READY
    assert outcomes(made) == [
        (2, RowAction.CREATE, RowState.PLANNED, ""),
        (3, RowAction.UPDATE, RowState.PLANNED, ""),
        (4, RowAction.CREATE, RowState.PLANNED, ""),
    ]
    created, changed, _ = made.rows.order_by("number")
    fields = {"first_name": "Ann", "last_name": "Quill", "email": ANN[2], "city": "Duluth", "source": "File"}
    assert created.after == {"fields": fields, "owner": owner.remote_id}
    assert (changed.contact, changed.remote_id) == (known, known.remote_id)
    assert changed.before == {"fields": {"city": known.city}}
    assert changed.after == {"fields": {"city": "Ely"}}, "only what differs, and the source stays"
    apply(made)
    assert made.counts() == {RowState.DONE: 3}
    there = over_there.contacts.get(made.rows.get(number=2).result_id)
    assert (there.first_name, there.city) == ("Ann", "Duluth")
    assert there.owner is not None and there.owner.id == owner.remote_id
    assert over_there.contacts.get(known.remote_id).city == "Ely"
    again = import_rows(
        (*HEADS, "City"),
        (known.first_name, known.last_name, known.email, "Ely"),
        (known.first_name, known.last_name, known.email.upper(), ""),
        owner=owner.remote_id,
    )
    assert [row[2] for row in outcomes(again)] == [RowState.UNCHANGED, RowState.REFUSED]
    assert "Row 2 of the file is the same contact" in reasons(again)[1]


def test_an_empty_cell_leaves_what_the_contact_has(known: Contact, owner: Owner, import_rows: Import) -> None:
    heads = (*HEADS, "City", "State", "Mobile", "OK to email")
    row = (known.first_name, known.last_name, known.email, "", " ", "", "")
    assert outcomes(import_rows(heads, row, owner=owner.remote_id))[0][2] == RowState.UNCHANGED


def test_consent_that_a_file_grants_needs_evidence(known: Contact, owner: Owner, import_rows: Import) -> None:
    heads = (*HEADS, "OK to email")
    refusing = import_rows(heads, (*ANN, "no"), owner=owner.remote_id)
    granting = import_rows(heads, (*ANN, "yes"), owner=owner.remote_id)
    assert (refusing.grants_consent, granting.grants_consent) == (False, True)


def test_owners_are_found_by_what_a_cell_names_them_by(owner: Owner, import_rows: Import) -> None:
    Owner.objects.filter(pk=owner.pk).update(external_id="LO-7")
    other = Owner.objects.exclude(pk=owner.pk).exclude(is_active=False).first()
    assert other is not None
    names = [owner.email.upper(), f" {owner.username} ", str(owner.remote_id), "lo-7", ""]
    rows = [("Ann", f"Quill{n}", f"a{n}@new.example", name) for n, name in enumerate(names)]
    made = import_rows((*HEADS, "Loan officer"), *rows, owner=other.remote_id)
    assert [row.after["owner"] for row in made.rows.order_by("number")] == [owner.remote_id] * 4 + [
        other.remote_id
    ]
    Owner.objects.filter(pk=other.pk).update(external_id="lo-7")
    without = import_rows((*HEADS, "Loan officer"), rows[3], (*ANN, ""))
    assert reasons(without) == [
        "Column D (Loan officer): Several owners match. Use the owner's ID.",
        "The row names no owner.",
    ]


def test_contacts_of_a_deactivated_owner_are_changed_but_not_created(
    known: Contact, owner: Owner, import_rows: Import
) -> None:
    Owner.objects.filter(pk=owner.pk).update(is_active=False)
    row = (known.first_name, known.last_name, known.email, "Elysium")
    made = import_rows((*HEADS, "City"), row, (*ANN, ""), owner=owner.remote_id)
    assert [each.state for each in made.rows.order_by("number")] == [RowState.PLANNED, RowState.REFUSED]
    assert "is deactivated in Total Expert" in reasons(made)[1]


def test_contacts_join_groups_of_their_owner_and_new_ones_those_that_are_required(
    world: World,
    admin: Connection,
    owner: Owner,
    known: Contact,
    import_rows: Import,
    apply: Callable[..., Plan],
    over_there: total_expert.Client,
) -> None:
    for name in ("Open house", "Newsletter", "Everyone"):
        over_there.contact_groups.create({"group_name": name}, owner={"id": owner.remote_id})
    world.sandbox.pass_time(60)
    queue.run_now(sync_jobs.start(connection=admin))
    ids = dict(ContactGroup.objects.filter(owner=owner).values_list("name", "remote_id"))
    required_groups.require(admin.installation, "Everyone", world.operator)
    rows = [
        (*ANN, "newsletter"),
        (known.first_name, known.last_name, known.email, "Newsletter; "),
        ("Bo", "Lund", "bo@new.example", "No such group"),
        ("Cy", "Dahl", "cy@new.example", ";".join(["x"] * 21)),
    ]
    made = import_rows((*HEADS, "Groups"), *rows, owner=owner.remote_id, groups=["Open house"])
    created, changed = made.rows.order_by("number")[:2]
    assert created.after["groups"] == sorted([ids["Open house"], ids["Newsletter"], ids["Everyone"]])
    assert changed.after["groups"] == sorted([ids["Open house"], ids["Newsletter"]]), (
        "required only of new contacts"
    )
    assert reasons(made)[2:] == [
        "The contact's owner has no group “No such group”.",
        "Column D (Groups): At most 20 groups can be named.",
    ]
    assert made.joins_groups
    apply(made)
    there = over_there.contacts.get(made.rows.get(number=2).result_id)
    assert {group.id for group in there.contact_groups} == set(created.after["groups"])
    again = import_rows((*HEADS, "Groups"), rows[1], owner=owner.remote_id)
    assert outcomes(again)[0][2] == RowState.UNCHANGED
    other = Owner.objects.exclude(pk=owner.pk).exclude(is_active=False).filter(contacts__isnull=False)[0]
    lacking = import_rows(HEADS, ("Di", "Ek", "di@new.example"), owner=other.remote_id)
    assert reasons(lacking) == [
        f"{other.display_name} has no group “Everyone”, which every new contact must be in. Create it first."
    ]


def test_custom_values_are_compared_and_sent(
    owner: Owner, known: Contact, import_rows: Import, admin: Connection
) -> None:
    document = known.document
    document.raw = {**document.raw, "custom": [{"field_name": "pets", "value": 2}]}
    document.save()
    row = (known.first_name, known.last_name, known.email)
    targets = ["field:first_name", "field:last_name", "field:email", "custom:pets"]
    same = import_rows((*HEADS, "Pets"), (*row, "2"), owner=owner.remote_id, targets=targets)
    assert outcomes(same)[0][2] == RowState.UNCHANGED
    other = import_rows((*HEADS, "Pets"), (*row, "3"), (*ANN, "1"), owner=owner.remote_id, targets=targets)
    changed, created = other.rows.order_by("number")
    assert (changed.before, changed.after) == ({"custom": {"pets": 2}}, {"custom": {"pets": "3"}})
    assert created.after["custom"] == {"pets": "1"}


def test_a_contact_is_found_by_any_of_its_pairs_of_external_id_and_source(
    owner: Owner, known: Contact, import_rows: Import
) -> None:
    document = known.document
    document.raw = {
        **document.raw,
        "external_ids": [{"external_id": "Old-1", "source": "CRM"}, {"external_id": "x"}],
    }
    document.save()
    heads = ("External ID", "Source", "City", *HEADS)
    made = import_rows(
        heads,
        ("old-1", "crm", "Ely", *ANN),
        ("old-1", "Web", "Ely", "Bo", "Lund", "b@x.example"),
        owner=owner.remote_id,
    )
    changed, created = made.rows.order_by("number")
    assert changed.contact == known and changed.after["fields"]["last_name"] == "Quill"
    assert created.action == RowAction.CREATE
    assert not RowKey.objects.exists(), "kept only while the plan is prepared"


def test_contacts_that_are_gone_or_of_another_installation_are_not_recognized(
    owner: Owner, known: Contact, import_rows: Import
) -> None:
    Contact.objects.filter(pk=known.pk).update(gone_at=clock.now())
    made = import_rows(HEADS, (known.first_name, known.last_name, known.email), owner=owner.remote_id)
    assert made.rows.get().action == RowAction.CREATE


def test_rows_of_a_workbook_are_imported_as_people_see_them(owner: Owner, import_rows: Import) -> None:
    made = import_rows(
        xlsx([[], [*HEADS, "Mobile"], ["Ann", "Quill", "a@x.example", 6125550144]]), owner=owner.remote_id
    )
    row = made.rows.get()
    assert row.number == 3 and row.after["fields"]["phone_cell"] == "6125550144"


def test_people_without_an_admin_connection_import_contacts_of_those_who_connected(
    world: World, run_jobs: Callable[[], None]
) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    queue.run_now(sync_jobs.start(connection=connection))
    manager = world.member("admin")
    own = connection.sync_state.owner
    assert own is not None
    other = Owner.objects.exclude(pk=own.pk).first() or Owner.objects.create(
        installation=connection.installation, remote_id=999, username="other", synced_at=clock.now()
    )
    rows = ((*HEADS, "Owner"), (*ANN, own.remote_id), ("Bo", "Lund", "b@x.example", other.remote_id))
    made = make_plan(connection, manager, csv_of(rows), run_jobs)
    created, refused = made.rows.order_by("number")
    assert created.connection == connection and created.after["owner"] == own.remote_id
    assert refused.reason.startswith("No working connection can create contacts of")
