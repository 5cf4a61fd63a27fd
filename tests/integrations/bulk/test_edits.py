"""An edit is planned, looked at, applied with one outcome for each row, and undone."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations import total_expert
from integrations.bulk import applying, verbs
from integrations.bulk.models import Plan, PlanState, RowState
from integrations.connections.models import Connection
from integrations.directory.models import Contact, ContactGroup, Membership
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from portal.audit.models import Entry
from portal.core import clock
from portal.core.errors import Refused
from tests.integrations.bulk.conftest import Edit
from tests.world import CEDAR, World

pytestmark = pytest.mark.django_db
Apply = Callable[..., Plan]


def cities(client: total_expert.Client) -> dict[int, str]:
    return {contact.id: contact.city for contact in client.contacts.all()}


def digest(world: World) -> str:
    state = world.sandbox.http.get("/_sandbox/state").get_json()
    found: str = state["organizations"][CEDAR]["contacts"]["digest"]
    return found


def test_a_field_is_set_for_every_chosen_contact_and_for_no_other(
    admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply
) -> None:
    chosen, others = list(Contact.objects.all()[:7]), list(Contact.objects.all()[7:])
    before = cities(over_there)
    made = plan(*chosen, fields={"city": "Duluth"})
    assert made.state == PlanState.READY and made.counts() == {RowState.PLANNED: 7}
    assert cities(over_there) == before, "a plan sends nothing"
    assert apply(made).state == PlanState.APPLIED
    after = cities(over_there)
    assert {after[contact.remote_id] for contact in chosen} == {"Duluth"}
    assert all(after[contact.remote_id] == before[contact.remote_id] for contact in others)
    assert made.counts() == {RowState.DONE: 7}
    assert Contact.objects.filter(city="Duluth").count() >= 7, "the synced copy follows"


def test_undoing_an_edit_puts_back_what_was_there(
    world: World, admin: Connection, plan: Edit, apply: Apply, run_jobs: Callable[[], None]
) -> None:
    before = digest(world)
    edit = apply(plan(fields={"city": "Duluth", "nickname": "Friend", "phone_home": ""}))
    assert digest(world) != before
    undo = verbs.undo(edit, actor=world.operator)
    assert verbs.undo(edit, actor=world.operator) == undo
    run_jobs()
    undo.refresh_from_db()
    assert apply(undo).state == PlanState.APPLIED
    assert set(undo.counts()) == {RowState.DONE}
    assert digest(world) == before


def test_groups_are_joined_and_left_by_name_in_the_groups_of_each_owner(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply
) -> None:
    owners = world.sandbox.officers(CEDAR)[:2]
    made = [
        over_there.contact_groups.create({"group_name": "Quarterly letter"}, owner={"id": each["id"]})
        for each in owners
    ]
    world.sandbox.pass_time(60)
    queue.run_now(sync_jobs.start(connection=admin))
    contacts = list(Contact.objects.order_by("pk"))
    theirs = [
        contact
        for contact in contacts
        if contact.owner and contact.owner.remote_id in {o["id"] for o in owners}
    ]
    before = digest(world)
    edit = plan(add_groups=["quarterly letter"])
    planned = set(edit.rows.filter(state=RowState.PLANNED).values_list("contact", flat=True))
    assert planned == {contact.pk for contact in theirs}
    refused = edit.rows.filter(state=RowState.REFUSED).first()
    assert refused is None or refused.reason == "The contact's owner has no group “quarterly letter”."
    apply(edit)
    assert edit.counts()[RowState.DONE] == len(theirs)
    ids = {group.id for group in made}
    for contact in theirs:
        groups = {group.id for group in over_there.contacts.get(contact.remote_id).contact_groups}
        assert len(groups & ids) == 1
    again = plan(add_groups=["Quarterly letter"])
    assert again.counts().get(RowState.UNCHANGED) == len(theirs)
    assert apply(plan(remove_groups=["QUARTERLY LETTER"])).counts()[RowState.DONE] == len(theirs)
    assert digest(world) == before
    assert ContactGroup.objects.filter(name="Quarterly letter").count() == 2


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"remove_groups": ["ViP"]}, []),
        ({"remove_groups": ["vip"]}, []),
        ({"groups": []}, []),
        ({"groups": ["VIP"]}, ["VIP"]),
        ({"groups": ["vip"]}, ["vip"]),
        ({"add_groups": ["vip"]}, ["VIP", "vip"]),
    ],
)
def test_groups_of_one_owner_that_are_called_alike_are_all_left(
    world: World, admin: Connection, plan: Edit, changes: dict[str, list[str]], left: list[str]
) -> None:
    contact = Contact.objects.exclude(owner=None)[0]
    contact.memberships.all().delete()
    ids = {}
    for number, name in enumerate(("VIP", "vip")):
        group = ContactGroup.objects.create(
            installation=admin.installation,
            owner=contact.owner,
            remote_id=990_000 + number,
            name=name,
            synced_at=clock.now(),
        )
        Membership.objects.create(contact=contact, group=group)
        ids[group.remote_id] = name
    row = plan(contact, **changes).rows.get()
    if "add_groups" in changes:
        assert row.state == RowState.UNCHANGED
        return
    assert [ids[id] for id in row.before["groups"]] == ["VIP", "vip"], row.reason
    assert [ids[id] for id in row.after["groups"]] == left


def test_a_contact_that_changed_after_the_plan_is_set_aside(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply
) -> None:
    changed, other = Contact.objects.all()[:2]
    made = plan(changed, other, fields={"city": "Duluth"})
    over_there.contacts.update(changed.remote_id, {"nickname": "Theirs"})
    apply(made)
    row = made.rows.get(contact=changed)
    assert (row.state, row.reason) == (RowState.SET_ASIDE, applying.CHANGED)
    assert made.rows.get(contact=other).state == RowState.DONE
    assert over_there.contacts.get(changed.remote_id).city == changed.city


def test_a_contact_that_changed_after_the_edit_is_not_undone(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply, run_jobs: Any
) -> None:
    changed, other = Contact.objects.all()[:2]
    edit = apply(plan(changed, other, fields={"city": "Duluth"}))
    over_there.contacts.update(changed.remote_id, {"city": "Ely"})
    world.sandbox.pass_time(60)
    sync_jobs.start(connection=admin)
    run_jobs()
    undo = verbs.undo(edit, actor=world.operator)
    run_jobs()
    undo.refresh_from_db()
    assert undo.rows.get(contact=changed).state == RowState.REFUSED
    apply(undo)
    assert over_there.contacts.get(changed.remote_id).city == "Ely"
    assert over_there.contacts.get(other.remote_id).city == other.city


def test_where_campaigns_may_email_people_five_rows_go_first(
    world: World, admin: Connection, plan: Edit, run_jobs: Any
) -> None:
    group = ContactGroup.objects.exclude(owner=None).exclude(user_editable=False).first()
    assert group is not None
    names = ContactGroup.objects.values_list("name", flat=True)
    common = max(set(names), key=list(names).count)
    made = plan(add_groups=[common])
    count = made.counts()[RowState.PLANNED]
    assert count > 5
    verbs.apply(made, actor=world.operator, digest=made.digest, typed_count=count)
    run_jobs()
    made.refresh_from_db()
    assert (made.state, made.counts()[RowState.DONE]) == (PlanState.PILOT_DONE, 5)
    verbs.cancel(made, actor=world.operator)
    run_jobs()
    assert made.counts()[RowState.CANCELED] == count - 5
    actions = Entry.objects.filter(action__startswith="bulk.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["bulk.planned", "bulk.applied", "bulk.canceled"]


def test_only_the_plan_that_was_looked_at_is_applied(world: World, admin: Connection, plan: Edit) -> None:
    made = plan(fields={"city": "Duluth"})
    with pytest.raises(Refused, match="changed since"):
        verbs.apply(made, actor=world.operator, digest="0" * 64)
    verbs.apply(made, actor=world.operator, digest=made.digest)
    with pytest.raises(Refused, match="changed since"):
        verbs.apply(made, actor=world.operator, digest=made.digest)


def test_more_than_a_hundred_changes_need_the_right_and_the_typed_count(
    world: World, admin: Connection, plan: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "SMALL", 10)
    monkeypatch.setattr("integrations.bulk.planning.SMALL", 10)
    made = plan(fields={"city": "Duluth"})
    editor = world.member("editor")
    with pytest.raises(Refused, match="Your role"):
        verbs.apply(made, actor=editor, digest=made.digest, typed_count=made.rows.count())
    with pytest.raises(Refused, match="Type the number"):
        verbs.apply(made, actor=world.operator, digest=made.digest, typed_count=3)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "at least one change"),
        ({"add_groups": ["A"], "remove_groups": [" a "]}, "both to be added and to be removed"),
        ({"fields": {"id": "7"}}, "not a field"),
        ({"fields": {"source": ""}}, "can't be cleared"),
        ({"fields": {"city": "x" * 121}}, "longer than 120"),
        ({"add_groups": [f"G{n}" for n in range(21)]}, "at most 20 groups"),
    ],
)
def test_operations_that_make_no_sense_are_refused_with_a_sentence(
    plan: Edit, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        plan(**changes)
    assert not Plan.objects.exists()


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503, "times": 3},
        {"status": 429, "times": 2},
        {"drop": "after", "times": 4},
        {"drop": "before", "times": 4},
        {"status": 500, "times": 2},
    ],
)
def test_every_row_ends_in_a_true_outcome_whatever_the_calls_end_in(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    plan: Edit,
    apply: Apply,
    fault: dict[str, Any],
) -> None:
    made = plan(*Contact.objects.all()[:12], fields={"city": "Duluth"})
    world.sandbox.faults({"method": "PATCH", "path": "/v1/contacts", **fault})
    assert apply(made).state == PlanState.APPLIED
    world.sandbox.faults()
    there = cities(over_there)
    for row in made.rows.all():
        assert row.state in (RowState.DONE, RowState.FAILED)
        assert (there[row.remote_id] == "Duluth") is (row.state == RowState.DONE)
    assert made.counts()[RowState.DONE] == 12


def test_what_total_expert_refuses_is_one_row_with_its_reason_and_can_be_retried(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply, run_jobs: Any
) -> None:
    gone, other = Contact.objects.all()[:2]
    made = plan(gone, other, fields={"city": "Duluth"})
    world.sandbox.faults(
        {"method": "PATCH", "path": f"/v1/contacts/{gone.remote_id}", "status": 422, "times": 1}
    )
    apply(made)
    assert made.counts() == {RowState.DONE: 1, RowState.FAILED: 1}
    assert made.rows.get(contact=gone).reason
    world.sandbox.faults()
    verbs.retry(made, actor=world.operator)
    run_jobs()
    assert made.counts() == {RowState.DONE: 2}
    with pytest.raises(Refused, match="No row has failed"):
        verbs.retry(made, actor=world.operator)


def test_a_loan_officer_changes_only_their_own_contacts_through_their_own_connection(
    world: World, admin: Connection, plan: Edit, apply: Apply, run_jobs: Any
) -> None:
    officer = world.member("officer")
    own = world.consented(officer)
    sync_jobs.start(connection=own)
    run_jobs()
    made = plan(actor=officer, fields={"city": "Duluth"})
    visible = set(
        Contact.objects.all().visible_to(officer, own.installation.organization).values_list("pk", flat=True)
    )
    assert visible and set(made.rows.values_list("contact", flat=True)) == visible
    assert set(made.rows.values_list("connection", flat=True)) == {own.pk}
    assert set(apply(made, officer).counts()) == {RowState.DONE}
