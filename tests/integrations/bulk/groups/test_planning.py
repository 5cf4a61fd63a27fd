"""Groups are created, renamed and deleted at Total Expert through plans, and those are undone."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations import total_expert
from integrations.bulk import verbs
from integrations.bulk.groups import planning, rules, undoing
from integrations.bulk.models import Plan, PlanState, RowState
from integrations.connections.models import Connection
from integrations.directory import required_groups
from integrations.directory.models import Contact, ContactGroup, Membership, Owner
from integrations.directory.sync import jobs as sync_jobs
from portal.core.errors import Refused
from tests.integrations.bulk.conftest import Edit
from tests.world import CEDAR, World

pytestmark = pytest.mark.django_db
Apply = Callable[..., Plan]
NAME = "Spring open house"


@pytest.fixture
def create(world: World, admin: Connection) -> Callable[..., Plan]:
    def make(name: str = NAME, **options: Any) -> Plan:
        return planning.create(
            **{"installation": admin.installation, "name": name, "actor": world.operator, **options}
        )

    return make


def there(client: total_expert.Client, name: str = NAME) -> list[total_expert.ContactGroup]:
    return [group for group in client.contact_groups.all() if group.group_name == name]


def synced(name: str = NAME) -> list[ContactGroup]:
    return list(ContactGroup.objects.filter(name=name, gone_at=None).order_by("pk"))


def owners() -> list[Owner]:
    return list(Owner.objects.exclude(is_active=False).order_by("pk"))


def digest(world: World, resource: str = "contact-groups") -> str:
    found: str = world.sandbox.http.get("/_sandbox/state").get_json()["organizations"][CEDAR][resource][
        "digest"
    ]
    return found


def test_a_group_is_created_for_all_owners_who_lack_it(
    over_there: total_expert.Client, create: Callable[..., Plan], apply: Apply
) -> None:
    first, *others = owners()
    apply(create(owners=[first]))
    plan = create("spring  OPEN house")
    assert plan.state == PlanState.READY and plan.counts() == {RowState.PLANNED: len(others)}
    assert {row.after["owner"] for row in plan.rows.all()} == {owner.remote_id for owner in others}
    assert len(there(over_there)) == 1, "a plan sends nothing"
    assert apply(plan).counts() == {RowState.DONE: len(others)}
    assert {group.owner_id for group in ContactGroup.objects.filter(search="spring open house")} == {
        owner.pk for owner in owners()
    }
    with pytest.raises(Refused, match="Every owner has a group of this name"):
        create()


def test_an_owner_who_has_the_group_or_is_not_active_is_refused_with_the_reason(
    create: Callable[..., Plan], apply: Apply
) -> None:
    first, second = owners()[:2]
    apply(create(owners=[first]))
    Owner.objects.filter(pk=second.pk).update(is_active=False)
    reasons = {
        row.after["owner"]: row.reason
        for row in create("SPRING open house", owners=[first, second]).rows.all()
    }
    assert reasons == {
        first.remote_id: f"{first.display_name} already has a group of this name.",
        second.remote_id: rules.INACTIVE,
    }


def test_a_group_is_renamed_for_every_owner_and_the_undo_puts_the_names_back(
    world: World, over_there: total_expert.Client, create: Callable[..., Plan], apply: Apply, run_jobs: Any
) -> None:
    apply(create(owners=owners()[:3]))
    before = digest(world)
    installation = owners()[0].installation
    plan = planning.rename(
        installation=installation, groups=synced(), new_name=" Summer  open house ", actor=world.operator
    )
    apply(plan)
    assert (len(there(over_there, "Summer open house")), there(over_there)) == (3, [])
    undo = verbs.undo(plan, actor=world.operator)
    run_jobs()
    undo.refresh_from_db()
    apply(undo)
    assert digest(world) == before and len(synced()) == 3


def test_an_owner_who_has_a_group_of_the_new_name_keeps_both(
    world: World, create: Callable[..., Plan], apply: Apply
) -> None:
    apply(create(owners=owners()[:2]))
    apply(create("Summer open house", owners=owners()[:1]))
    plan = planning.rename(
        installation=owners()[0].installation,
        groups=synced(),
        new_name="SUMMER open house",
        actor=world.operator,
    )
    states = [(row.state, row.reason) for row in plan.rows.all()]
    assert states == [(RowState.REFUSED, rules.taken(owners()[0])), (RowState.PLANNED, "")]


def test_a_name_in_another_spelling_is_no_other_group(
    world: World, create: Callable[..., Plan], apply: Apply
) -> None:
    apply(create(owners=owners()[:1]))
    apply(
        planning.rename(
            installation=owners()[0].installation,
            groups=synced(),
            new_name=NAME.upper(),
            actor=world.operator,
        )
    )
    assert len(synced(NAME.upper())) == 1
    again = planning.rename(
        installation=owners()[0].installation,
        groups=synced(NAME.upper()),
        new_name=NAME.upper(),
        actor=world.operator,
    )
    assert again.counts() == {RowState.UNCHANGED: 1}


def test_deleting_a_group_needs_the_typed_count_and_leaves_its_contacts(
    world: World, plan: Edit, over_there: total_expert.Client, apply: Apply
) -> None:
    group = ContactGroup.objects.exclude(memberships=None).exclude(owner=None)[0]
    members = group.memberships.count()
    contacts = digest(world, "contacts")
    made = planning.delete(installation=group.installation, groups=[group], actor=world.operator)
    with pytest.raises(Refused, match="Type the number of groups that will change: 1"):
        verbs.apply(made, actor=world.operator, digest=made.digest)
    assert apply(made).counts() == {RowState.DONE: 1}
    group.refresh_from_db()
    assert group.gone_at is not None and members
    assert Contact.objects.present().count() == Contact.objects.count()
    assert digest(world, "contacts") != contacts, "they are no longer in the group"


def test_a_deleted_group_cannot_be_restored(
    world: World, create: Callable[..., Plan], apply: Apply, run_jobs: Any
) -> None:
    apply(create(owners=owners()[:1]))
    plan = planning.delete(installation=owners()[0].installation, groups=synced(), actor=world.operator)
    apply(plan)
    undo = verbs.undo(plan, actor=world.operator)
    run_jobs()
    assert [(row.state, row.reason) for row in undo.rows.all()] == [(RowState.REFUSED, undoing.DELETED)]


@pytest.mark.parametrize("when", ["before the undo is planned", "before the undo is applied"])
def test_the_undo_of_a_creation_deletes_groups_only_while_they_are_empty(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    create: Callable[..., Plan],
    apply: Apply,
    run_jobs: Any,
    when: str,
) -> None:
    contact = Contact.objects.exclude(owner=None)[0]
    other = Owner.objects.exclude(pk=contact.owner_id).exclude(is_active=False)[0]
    assert contact.owner is not None
    made = apply(create(owners=[contact.owner, other]))

    def join() -> None:
        group = next(group for group in synced() if group.owner_id == contact.owner_id)
        over_there.contacts.update(contact.remote_id, {"contact_groups": [{"id": group.remote_id}]})
        world.sandbox.pass_time(60)
        sync_jobs.start(connection=admin)
        run_jobs()

    if when == "before the undo is planned":
        join()
    undo = verbs.undo(made, actor=world.operator)
    run_jobs()
    undo.refresh_from_db()
    if when == "before the undo is applied":
        join()
    apply(undo)
    outcomes = {row.before["owner"]: (row.state, row.reason) for row in undo.rows.all()}
    assert outcomes[contact.owner.remote_id] == (RowState.REFUSED, rules.HAS_MEMBERS)
    assert outcomes[other.remote_id] == (RowState.DONE, "")
    assert len(there(over_there)) == 1


@pytest.mark.parametrize("verb", ["rename", "delete"])
def test_a_required_group_is_neither_renamed_nor_deleted(
    world: World, create: Callable[..., Plan], apply: Apply, verb: str
) -> None:
    apply(create(owners=owners()[:1]))
    installation = owners()[0].installation
    change = {
        "rename": lambda: planning.rename(
            installation=installation, groups=synced(), new_name="Other", actor=world.operator
        ),
        "delete": lambda: planning.delete(installation=installation, groups=synced(), actor=world.operator),
    }[verb]
    plan = change()
    row = required_groups.require(installation, NAME.upper(), world.operator)
    with pytest.raises(Refused, match="Remove it from the required groups first"):
        change()
    assert apply(plan).counts() == {RowState.REFUSED: 1}, "it was planned before the group was required"
    required_groups.release(row, world.operator)
    assert apply(change()).counts() == {RowState.DONE: 1}


def test_a_group_that_total_expert_locks_is_refused(world: World, admin: Connection) -> None:
    group = ContactGroup.objects.exclude(owner=None)[0]
    ContactGroup.objects.filter(pk=group.pk).update(user_editable=False)
    plan = planning.delete(installation=admin.installation, groups=[group], actor=world.operator)
    assert [(row.state, row.reason) for row in plan.rows.all()] == [(RowState.REFUSED, rules.LOCKED)]


def test_a_group_that_changed_since_the_plan_is_left_as_it_is(
    world: World, over_there: total_expert.Client, create: Callable[..., Plan], apply: Apply
) -> None:
    apply(create(owners=owners()[:3]))
    installation = owners()[0].installation
    renamed, deleted, kept = synced()
    plan = planning.rename(
        installation=installation, groups=[renamed, deleted, kept], new_name="Other", actor=world.operator
    )
    over_there.contact_groups.update(renamed.remote_id, {"group_name": "Theirs"})
    over_there.contact_groups.delete(deleted.remote_id)
    apply(plan)
    outcomes = {row.remote_id: (row.state, row.reason) for row in plan.rows.all()}
    assert outcomes == {
        renamed.remote_id: (RowState.SET_ASIDE, rules.RENAMED),
        deleted.remote_id: (RowState.FAILED, rules.GONE),
        kept.remote_id: (RowState.DONE, ""),
    }
    assert len(there(over_there, "Theirs")) == 1


def test_a_group_created_since_the_plan_is_not_created_twice(
    world: World, over_there: total_expert.Client, create: Callable[..., Plan], apply: Apply
) -> None:
    owner = owners()[0]
    plan = create(owners=[owner])
    over_there.contact_groups.create({"group_name": NAME.lower()}, owner={"id": owner.remote_id})
    apply(plan)
    row = plan.rows.get()
    assert (row.state, row.reason) == (RowState.UNCHANGED, rules.CREATED_MEANWHILE)


@pytest.mark.parametrize(
    ("method", "drop"),
    [(method, drop) for method in ("POST", "PATCH", "DELETE") for drop in ("before", "after")],
)
def test_a_lost_answer_is_resolved_by_reading_the_group(
    world: World,
    over_there: total_expert.Client,
    create: Callable[..., Plan],
    apply: Apply,
    method: str,
    drop: str,
) -> None:
    installation = owners()[0].installation
    plan = create(owners=owners()[:2])
    if method != "POST":
        apply(plan)
    if method == "PATCH":
        plan = planning.rename(
            installation=installation, groups=synced(), new_name="Other", actor=world.operator
        )
    if method == "DELETE":
        plan = planning.delete(installation=installation, groups=synced(), actor=world.operator)
    world.sandbox.faults({"method": method, "path": "/v1/contact-groups", "drop": drop, "times": 2})
    assert apply(plan).counts() == {RowState.DONE: 2}
    assert [row.reason for row in plan.rows.all()] == ["", ""]
    expected = {"POST": (2, 0), "PATCH": (0, 2), "DELETE": (0, 0)}[method]
    assert (len(there(over_there)), len(there(over_there, "Other"))) == expected


def test_a_loan_officer_changes_only_groups_of_their_own(
    world: World, admin: Connection, apply: Apply, run_jobs: Any
) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    sync_jobs.start(connection=connection)
    run_jobs()
    own = connection.sync_state.owner
    other = Owner.objects.exclude(pk=own.pk).exclude(is_active=False)[0]
    plan = planning.create(installation=admin.installation, name=NAME, actor=officer)
    assert [row.after["owner"] for row in plan.rows.all()] == [own.remote_id]
    apply(plan, actor=officer)
    assert [group.owner for group in synced()] == [own]
    plan = planning.create(
        installation=admin.installation, name="Fall open house", actor=officer, owners=[own, other]
    )
    outcomes = {row.after["owner"]: row.reason for row in plan.rows.all()}
    assert outcomes == {own.remote_id: "", other.remote_id: rules.NO_WRITER}
    with pytest.raises(Refused, match="doesn't allow deleting"):
        planning.delete(installation=admin.installation, groups=synced(), actor=officer)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Enter the name"),
        (" \u200b ", "Enter the name"),
        ("'", "Enter the name"),
        ("x" * 256, "longer than 255"),
        ("A\ue000B", "can't be displayed"),
    ],
)
def test_a_name_that_no_group_can_have_is_refused(
    create: Callable[..., Plan], name: str, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        create(name)
    assert not Plan.objects.exists()


def test_many_groups_are_planned_by_the_job(
    create: Callable[..., Plan], apply: Apply, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "AT_ONCE", 1)
    monkeypatch.setattr(planning, "CHUNK", 2)
    with monkeypatch.context() as killed:
        killed.setattr(planning.jobs, "start_building", None)
        with pytest.raises(TypeError):
            create()
    assert not Plan.objects.exists(), "a plan is stored only with the job that prepares it"
    plan = create()
    assert plan.state == PlanState.BUILDING and not plan.rows.exists()
    run_jobs()
    plan.refresh_from_db()
    assert apply(plan).counts() == {RowState.DONE: len(owners())}
    assert Membership.objects.filter(group__in=synced()).count() == 0
