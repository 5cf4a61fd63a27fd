"""How long the values before and after an edit are kept."""

import datetime as dt
from typing import Any

import pytest

from integrations.bulk import retention, verbs
from integrations.bulk.models import PlanState, RowState
from integrations.connections.models import Connection
from integrations.directory.models import Contact
from portal.core import clock
from portal.core.errors import Refused
from tests.integrations.bulk.conftest import Edit
from tests.integrations.bulk.test_edits import Apply
from tests.world import World

pytestmark = pytest.mark.django_db


def test_values_are_cleared_90_days_after_an_edit_and_its_outcomes_stay(
    world: World, admin: Connection, plan: Edit, apply: Apply
) -> None:
    made = apply(plan(*Contact.objects.all()[:2], fields={"city": "Duluth"}))
    retention.clear_values()
    assert "Duluth" in str(list(made.rows.values()))
    clock.advance(dt.timedelta(days=91).total_seconds())
    for _ in range(2):
        retention.clear_values()
    assert {(row.state, str(row.before), str(row.after)) for row in made.rows.all()} == {
        (RowState.DONE, "{}", "{}")
    }
    made.refresh_from_db()
    assert made.selection == {}
    with pytest.raises(Refused, match="no longer kept"):
        verbs.undo(made, actor=world.operator)


def test_edits_that_are_not_over_keep_their_values(world: World, admin: Connection, plan: Edit) -> None:
    made = plan(*Contact.objects.all()[:2], fields={"city": "Duluth"})
    clock.advance(dt.timedelta(days=89).total_seconds())
    retention.clear_values()
    made.refresh_from_db()
    assert made.state == PlanState.READY and "Duluth" in str(list(made.rows.values()))


def test_values_of_a_contact_that_left_the_synced_copy_are_cleared_at_once(
    world: World, admin: Connection, plan: Edit, apply: Apply, django_assert_max_num_queries: Any
) -> None:
    gone, other = Contact.objects.all()[:2]
    made = apply(plan(gone, other, fields={"city": "Duluth"}))
    row = made.rows.get(contact=gone)
    Contact.objects.filter(pk=gone.pk).delete()
    with django_assert_max_num_queries(12):
        retention.clear_values()
    row.refresh_from_db()
    assert (row.before, row.after, row.state) == ({}, {}, RowState.DONE)
    assert made.rows.get(contact=other).before


def test_nothing_is_undone_or_sent_again_once_clearing_has_begun(
    world: World, admin: Connection, plan: Edit, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    made = apply(plan(*Contact.objects.all()[:3], fields={"city": "Duluth"}))
    made.rows.filter(number=1).update(state=RowState.FAILED)
    clock.advance(dt.timedelta(days=91).total_seconds())
    retention.clear_values()
    made.refresh_from_db()
    assert sum(not row.after for row in made.rows.all()) == 1, "a batch at a time"
    for attempt in (verbs.undo, verbs.retry):
        with pytest.raises(Refused, match="no longer kept"):
            attempt(made, actor=world.operator)


def test_a_plan_that_nobody_applies_is_canceled_and_cleared(
    world: World, admin: Connection, plan: Edit
) -> None:
    made = plan(*Contact.objects.all()[:2], fields={"city": "Duluth"})
    clock.advance(dt.timedelta(days=91).total_seconds())
    retention.clear_values()
    made.refresh_from_db()
    assert (made.state, set(made.counts())) == (PlanState.CANCELED, {RowState.CANCELED})
    clock.advance(dt.timedelta(days=91).total_seconds())
    for _ in range(2):
        retention.clear_values()
    made.refresh_from_db()
    assert "Duluth" not in str([*made.rows.values(), made.operations])
