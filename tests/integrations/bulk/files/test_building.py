"""The plan of a file says for each row what it creates or changes, or in a sentence why not."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations import total_expert
from integrations.bulk.files import building, staging, uploads
from integrations.bulk.models import Plan, PlanState, RowAction, RowKey, RowState, Upload, UploadChunk
from integrations.connections.models import Connection
from integrations.directory import required_groups
from integrations.directory.models import Contact, ContactGroup, Owner
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations.models import Membership
from tests.integrations.bulk.files.conftest import Import, csv_of, make_plan
from tests.integrations.bulk.files.odd_files import xlsx
from tests.world import World

pytestmark = pytest.mark.django_db

HEADS = ("First name", "Last name", "Email")
ANN = ("Ann", "Quill", "ann.quill@new.example")


@pytest.fixture
def owner(admin: Connection) -> Owner:
    found = Owner.objects.filter(contacts__isnull=False).first()
    assert found is not None
    return found


@pytest.fixture
def known(owner: Owner) -> Contact:
    """A contact of the owner's with an email address."""
    found = Contact.objects.filter(owner=owner).exclude(email="").exclude(city="").first()
    assert found is not None
    return found


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


ODD_ROWS = [
    # first name, last name, email, phone, ZIP, birthday, OK to email, custom field, owner
    (("Ann", "", "a@x.example"), "Missing: last name."),
    (("", "Quill", "a@x.example"), "Missing: first name."),
    (("Ann", "Quill"), "Missing: email, phone or full address."),
    (("", "", "", "", "55731"), "Missing: first name; last name; email, phone or full address."),
    (("Ann", "Quill", "nobody"), "Column C (Email): Email is not an email address."),
    (("Ann", "Quill", "", "555-01"), "Column D (Mobile): Cell phone is not a phone number."),
    (
        ("Ann", "Quill", "a@x.example", "#N/A"),
        "Column D (Mobile): The cell has the error #N/A of a spreadsheet program.",
    ),
    (
        ("=A1", "Quill", "a@x.example"),
        "Column A (First name): The cell has a formula. Replace it with its value.",
    ),
    (("=cmd|' /C calc'!A0", "Quill", "a@x.example"), "The cell has a formula."),
    (
        ("Ann", "Qu\0ill", "a@x.example"),
        "Column B (Last name): The cell has a character that no text contains.",
    ),
    (("A" * 121, "Quill", "a@x.example"), "Column A (First name): First name is longer than 120 characters."),
    (("Ann", "Quill", "a@x.example", "", "", "31/31/2026"), "Column F (Birthday): Birthday is not a date."),
    (("Ann", "Quill", "a@x.example", "", "", "2026-02-30"), "Column F (Birthday): Birthday is not a date."),
    (
        ("Ann", "Quill", "a@x.example", "", "", "", "maybe"),
        "Column G (Email opt in): OK to email must be yes or no.",
    ),
    (
        ("Ann", "Quill", "a@x.example", "", "", "", "", "x" * 501),
        "Column H (Pets): It is longer than 500 characters",
    ),
    (
        ("Ann", "Quill", "a@x.example", "", "", "", "", "", "nobody@x.example"),
        "Column I (Owner): No owner has this ID",
    ),
    (
        ("Ann", "Quill", "a@x.example", *[""] * 6, "more"),
        "Column J: the row has more cells than the first row has names.",
    ),
    (
        ("Ann", "Quill", "nobody", "1"),
        "Column C (Email): Email is not an email address. Column D (Mobile): Cell phone is not a phone number.",
    ),
]
GOOD_ROWS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("Bo", "Lund", "b1@x.example", "", '="02134"'), {"zip_code": "02134"}),
    (("Bo", "Lund", "b2@x.example", "'+1 612 555 0144"), {"phone_cell": "+1 612 555 0144"}),
    (("Bo", "Lund", "b3@x.example", "(612) 555-0144"), {"phone_cell": "(612) 555-0144"}),
    (("  Bo \t", "Lu\u200bnd", " b4@x.example "), {"first_name": "Bo", "last_name": "Lund"}),
    (("Bo", "O'Neil", "b5@x.example"), {"last_name": "O'Neil"}),
    (("Bo", "-Lund", "b6@x.example"), {"last_name": "-Lund"}),
    (("Bo", "Lund", "b8@x.example", "", "", "1/31/1984"), {"birthday": "1984-01-31"}),
    (("Bo", "Lund", "b9@x.example", "", "", "", "No"), {"ok_to_email": False}),
    (("Bo", "山田", "b10@x.example"), {"last_name": "山田"}),
]


def test_odd_rows_are_refused_by_column_and_the_others_are_cleaned(owner: Owner, import_rows: Import) -> None:
    heads = (*HEADS, "Mobile", "Zip", "Birthday", "Email opt in", "Pets", "Owner")
    names = ("first_name", "last_name", "email", "phone_cell", "zip_code", "birthday", "ok_to_email")
    targets = [*(f"field:{name}" for name in names), "custom:pets", "owner"]
    rows = [row for row, _ in ODD_ROWS] + [row for row, _ in GOOD_ROWS]
    made = import_rows(heads, *rows, owner=owner.remote_id, targets=targets)
    found = list(made.rows.order_by("number"))
    assert [row.number for row in found] == list(range(2, len(rows) + 2))
    for row, (given, reason) in zip(found, ODD_ROWS, strict=False):
        assert row.state == RowState.REFUSED and reason in row.reason, (given, row.reason)
        assert (row.contact, row.remote_id, row.after) == (None, None, {})
        assert row.reason.endswith((".", "J")) or len(row.reason) == 300
    for row, (given, fields) in zip(found[len(ODD_ROWS) :], GOOD_ROWS, strict=True):
        assert row.state == RowState.PLANNED, (given, row.reason)
        assert fields.items() <= row.after["fields"].items()
    assert not made.grants_consent, "a refusal needs no evidence"


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


def test_a_plan_is_the_same_however_often_its_job_is_interrupted(
    owner: Owner, known: Contact, admin: Connection, import_rows: Import, monkeypatch: Any
) -> None:
    monkeypatch.setattr(staging, "CHUNK", 3)
    rows = [(f"Ann{n % 7}", "Quill", f"a{n % 7}@new.example") for n in range(10)]
    rows.insert(5, (known.first_name, known.last_name, known.email))
    whole = import_rows(HEADS, *rows, owner=owner.remote_id)
    assert [row.reason for row in whole.rows.filter(state=RowState.REFUSED).order_by("number")] == [
        f"Row {number} of the file is the same contact. Delete one of the rows." for number in (2, 3, 4)
    ]
    Plan.objects.filter(pk=whole.pk).update(state=PlanState.BUILDING, built_until=0, digest="")
    whole.rows.all().delete()
    upload = Upload.objects.get()
    assert upload.row_count == 11 and not upload.chunks.filter(kind=UploadChunk.Kind.BYTES).exists()
    slices = 0
    while True:
        plan = Plan.objects.get(pk=whole.pk)
        turns = iter([True, False])
        if building.build(plan, has_time=lambda turns=turns: next(turns), saved=lambda done, total: None):
            break
        slices += 1
    assert slices == 4 and plan.counts() == {
        RowState.PLANNED: 7,
        RowState.UNCHANGED: 1,
        RowState.REFUSED: 3,
    }
    plan.refresh_from_db()
    assert (plan.state, plan.digest) == (PlanState.READY, whole.digest)


def test_a_file_is_read_again_from_its_beginning_if_reading_was_interrupted(
    owner: Owner, import_rows: Import, monkeypatch: Any
) -> None:
    monkeypatch.setattr(staging, "CHUNK", 2)
    made = import_rows(
        HEADS, *[(f"Ann{n}", "Quill", f"a{n}@new.example") for n in range(7)], owner=owner.remote_id
    )
    upload = Upload.objects.get()
    content = csv_of([HEADS, *[(f"Ann{n}", "Quill", f"a{n}@new.example") for n in range(7)]])
    upload.chunks.all().delete()
    UploadChunk.objects.create(upload=upload, kind=UploadChunk.Kind.BYTES, number=1, data=content)
    Upload.objects.filter(pk=upload.pk).update(row_count=None)
    upload.refresh_from_db()

    def die(count: int) -> None:
        if count == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        staging.read_rows(upload, saved=die)
    staging.read_rows(upload, saved=lambda count: None)
    assert [row.number for row in staging.all_rows(upload)] == list(range(2, 9))
    assert made.rows.count() == 7


def test_an_import_of_somebody_who_lost_the_role_is_not_prepared(
    world: World, owner: Owner, import_rows: Import
) -> None:
    manager = world.member("admin")
    made = import_rows(HEADS, ANN, owner=owner.remote_id, actor=manager)
    Plan.objects.filter(pk=made.pk).update(state=PlanState.BUILDING)
    Membership.objects.filter(user=manager).update(role="editor")
    plan = Plan.objects.get(pk=made.pk)
    with pytest.raises(Refused, match="may no longer import"):
        building.build(plan, has_time=lambda: True, saved=lambda done, total: None)


def test_files_are_deleted_a_day_after_nothing_was_made_of_them_and_their_content_after_a_month(
    world: World, admin: Connection, owner: Owner, import_rows: Import
) -> None:
    unused = uploads.start(admin.installation, world.operator, name="a.csv", size=100)
    ended = import_rows(HEADS, ANN, owner=owner.remote_id)
    waiting = import_rows(HEADS, ANN, owner=owner.remote_id)
    Plan.objects.filter(pk=ended.pk).update(state=PlanState.CANCELED, finished_at=clock.now())

    def left() -> list[int]:
        uploads.delete_expired()
        return [upload.chunks.count() for upload in Upload.objects.order_by("pk")]

    assert left() == [0, 1, 1]
    clock.advance(25 * 3600)
    assert left() == [1, 1] and not Upload.objects.filter(pk=unused.pk).exists()
    clock.advance(30 * 24 * 3600)
    assert left() == [0, 1], "the content of a plan that waits is needed"
    ended.upload.refresh_from_db()  # type: ignore[union-attr]
    assert ended.upload is not None and ended.upload.deleted_at and not ended.upload.samples
    Plan.objects.filter(pk=waiting.pk).update(state=PlanState.APPLIED, finished_at=clock.now())
    assert left() == [0, 1]
    clock.advance(31 * 24 * 3600)
    assert left() == [0, 0] and Plan.objects.count() == 2
