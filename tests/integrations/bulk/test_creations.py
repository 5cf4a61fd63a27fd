"""Rows that create contacts: answers that are lost, contacts that appear meanwhile, and undoing a creation."""

from typing import Any

import pytest

from integrations import total_expert
from integrations.bulk import planning, undoing, verbs
from integrations.bulk.models import Plan, PlanRow, RowAction, RowState
from integrations.connections.models import Connection
from integrations.directory.models import Contact, Owner
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from tests.integrations.bulk.test_edits import Apply
from tests.world import World

pytestmark = pytest.mark.django_db
FIELDS = {"first_name": "Wanda", "last_name": "Quist", "source": "Test", "email": "wanda@example.com"}


@pytest.fixture
def owner(admin: Connection) -> Owner:
    return Owner.objects.filter(installation=admin.installation, contacts__isnull=False).distinct()[0]


@pytest.fixture
def creation(world: World, admin: Connection, owner: Owner) -> Plan:
    """A plan to create Wanda Quist, ready to be applied."""
    plan = planning.record(
        installation=admin.installation, actor=world.operator, operations={}, selection={"one": 1}
    )
    row = PlanRow(plan=plan, number=1, action=RowAction.CREATE, connection=admin, state=RowState.PLANNED)
    row.after = {"fields": FIELDS, "owner": owner.remote_id}
    planning.store(plan, [row], until=1, saved=lambda: None)
    planning.finish(plan)
    plan.refresh_from_db()
    return plan


def undo_of(plan: Plan, world: World, run_jobs: Any) -> PlanRow:
    undo = verbs.undo(plan, actor=world.operator)
    run_jobs()
    return undo.rows.get()


def test_a_created_contact_is_deleted_by_the_undo_unless_it_has_got_more(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    creation: Plan,
    apply: Apply,
    run_jobs: Any,
) -> None:
    apply(creation)
    row = creation.rows.get()
    assert (row.state, row.remote_id) == (RowState.DONE, row.result_id)
    planned = undo_of(creation, world, run_jobs)
    assert (planned.state, planned.action) == (RowState.PLANNED, RowAction.DELETE)
    verbs.cancel(planned.plan, actor=world.operator)
    assert row.remote_id is not None
    over_there.contacts.update(row.remote_id, {"phone_home": "612-555-0177"})
    world.sandbox.pass_time(60)
    sync_jobs.start(connection=admin)
    run_jobs()
    again = undo_of(creation, world, run_jobs)
    assert (again.state, again.reason) == (RowState.REFUSED, undoing.CHANGED)


@pytest.mark.parametrize("drop", ["after", "before"])
def test_a_creation_whose_answer_was_lost_is_looked_up(
    world: World, over_there: total_expert.Client, creation: Plan, apply: Apply, drop: str
) -> None:
    world.sandbox.faults({"method": "POST", "path": "/v1/contacts", "drop": drop, "times": 1})
    apply(creation)
    row = creation.rows.get()
    found = [each for each in over_there.contacts.all() if each.last_name == "Quist"]
    assert row.state == RowState.DONE and [each.id for each in found] == [row.result_id]


def test_a_contact_that_appears_after_the_plan_is_set_aside(
    world: World, over_there: total_expert.Client, creation: Plan, owner: Owner, apply: Apply
) -> None:
    over_there.contacts.create({**FIELDS, "nickname": "Old"}, owner={"id": owner.remote_id})
    world.sandbox.pass_time(5)
    apply(creation)
    row = creation.rows.get()
    assert row.state == RowState.SET_ASIDE and "appeared after this plan" in row.reason


def test_a_creation_that_changed_a_contact_is_flagged_and_not_undone(
    world: World,
    over_there: total_expert.Client,
    creation: Plan,
    owner: Owner,
    apply: Apply,
    run_jobs: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over_there.contacts.create(FIELDS, owner={"id": owner.remote_id})
    monkeypatch.setattr("integrations.bulk.creations.appeared", lambda plan, rows: {})
    apply(creation)
    row = creation.rows.get()
    assert (row.state, row.remote_id) == (RowState.DONE, None) and "instead of creating one" in row.reason
    planned = undo_of(creation, world, run_jobs)
    assert (planned.state, planned.reason) == (RowState.REFUSED, undoing.EXISTED)


def test_a_row_without_values_sends_nothing(
    world: World, admin: Connection, creation: Plan, apply: Apply
) -> None:
    creation.rows.update(after={})
    apply(creation)
    row = creation.rows.get()
    assert row.state == RowState.FAILED and "no longer kept" in row.reason
    assert not [each for each in world.sandbox.requests("/v1/contacts") if each["method"] == "POST"]
    assert not Contact.objects.filter(last_name="Quist").exists()
    queue.run_now(sync_jobs.start(connection=admin))
