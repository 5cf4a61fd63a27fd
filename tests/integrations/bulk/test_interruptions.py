"""Edits that are interrupted or not allowed: connections that break, lost roles, cancellations, hidden fields."""

from typing import Any

import pytest

from integrations import total_expert
from integrations.bulk import applying, jobs, verbs
from integrations.bulk.models import Plan, PlanState, RowState
from integrations.connections.models import Connection
from integrations.directory.models import Contact
from integrations.directory.sync import jobs as sync_jobs
from portal.core.errors import Refused
from tests.integrations.bulk.conftest import Edit
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_connection_that_breaks_stops_its_rows_and_they_continue_when_it_works_again(
    world: World, admin: Connection, plan: Edit, run_jobs: Any
) -> None:
    made = plan(*Contact.objects.all()[:6], fields={"city": "Duluth"})
    verbs.apply(made, actor=world.operator, digest=made.digest)
    Connection.objects.filter(pk=admin.pk).update(state="needs_reconnect", reason="Reconnect it.")
    run_jobs()
    made.refresh_from_db()
    assert (made.state, made.counts()) == (PlanState.APPLYING, {RowState.PLANNED: 6})
    [stopped] = jobs.waits_of(made)
    assert stopped.state == "failed" and stopped.problem
    Connection.objects.filter(pk=admin.pk).update(state="active", reason="")
    verbs.retry(made, actor=world.operator)
    run_jobs()
    made.refresh_from_db()
    assert (made.state, made.counts()) == (PlanState.APPLIED, {RowState.DONE: 6})


def test_someone_who_lost_their_role_neither_plans_nor_applies(
    world: World, admin: Connection, plan: Edit, run_jobs: Any
) -> None:
    editor = world.member("editor")
    made = plan(*Contact.objects.all()[:2], actor=editor, fields={"city": "Duluth"})
    editor.memberships.update(role="viewer")
    with pytest.raises(Refused, match="Your role"):
        verbs.apply(made, actor=editor, digest=made.digest)
    late = plan(*Contact.objects.all()[:2], actor=editor, fields={"city": "Duluth"})
    assert late.state == PlanState.FAILED and "may no longer edit" in late.problem


def test_canceling_while_rows_are_on_their_way_leaves_none_open(
    world: World, admin: Connection, plan: Edit, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(*Contact.objects.all()[:6], fields={"city": "Duluth"})
    settle = applying._settle

    def cancel_first(row: Any, error: Any) -> None:
        if Plan.objects.get(pk=made.pk).is_sending:
            verbs.cancel(made, actor=world.operator)
        settle(row, error)

    monkeypatch.setattr(applying, "_settle", cancel_first)
    world.sandbox.faults({"method": "PATCH", "path": "/v1/contacts", "status": 503, "times": 50})
    verbs.apply(made, actor=world.operator, digest=made.digest)
    run_jobs()
    assert made.counts() == {RowState.CANCELED: 6}


def test_a_row_that_was_on_its_way_when_its_plan_was_canceled_is_read_back(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, run_jobs: Any
) -> None:
    arrived, lost = Contact.objects.all()[:2]
    made = plan(arrived, lost, fields={"city": "Duluth"})
    over_there.contacts.update(arrived.remote_id, {"city": "Duluth"})
    Plan.objects.filter(pk=made.pk).update(state=PlanState.APPLYING)
    made.rows.update(state=RowState.SENDING)
    made.refresh_from_db()
    verbs.cancel(made, actor=world.operator)
    run_jobs()
    assert made.rows.get(contact=arrived).state == RowState.DONE
    assert made.rows.get(contact=lost).state == RowState.CANCELED


def test_an_officer_changes_no_field_that_only_the_admin_connection_shows(
    world: World, admin: Connection, plan: Edit, run_jobs: Any
) -> None:
    officer = world.member("officer")
    own = world.consented(officer)
    sync_jobs.start(connection=own)
    run_jobs()
    contact = Contact.objects.all().visible_to(officer, own.installation.organization)[0]
    contact.document.raw["nickname"] = "Zirconium"
    contact.document.shown = []
    contact.document.save()
    Contact.objects.filter(pk=contact.pk).update(as_admin=True)
    made = plan(contact, actor=officer, fields={"nickname": "Friend"})
    row = made.rows.get()
    assert row.state == RowState.REFUSED and "Zirconium" not in f"{row.before}{row.reason}"
