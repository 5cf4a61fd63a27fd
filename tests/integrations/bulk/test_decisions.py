"""What people decide about an edit: its approval by a second person, and contacts that changed meanwhile."""

from typing import Any

import pytest
from django.http import QueryDict

from integrations import total_expert
from integrations.bulk import applying, approval, conflicts, planning, preview, verbs
from integrations.bulk import jobs as bulk_jobs
from integrations.bulk.models import Plan, PlanState, RowState
from integrations.bulk.operations import Operations
from integrations.connections.models import Connection
from integrations.directory.browse.chosen import Chosen
from integrations.directory.models import Contact
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from integrations.jobs.models import Job, JobState
from portal.audit.models import Entry
from portal.core import clock
from portal.core.errors import Refused
from tests.integrations.bulk.conftest import Edit
from tests.integrations.bulk.test_edits import Apply
from tests.world import World

pytestmark = pytest.mark.django_db
EVIDENCE = "They signed the paper form of May 2026."


def without_consent(over_there: total_expert.Client, admin: Connection, run_jobs: Any) -> Contact:

    contact = Contact.objects.all()[0]
    over_there.contacts.update(contact.remote_id, {"ok_to_email": False})
    sync_jobs.start(connection=admin)
    run_jobs()
    contact.refresh_from_db()
    assert contact.ok_to_email is False
    return contact


def test_granting_consent_needs_evidence_and_a_second_person(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply, run_jobs: Any
) -> None:
    contact = without_consent(over_there, admin, run_jobs)
    made = plan(contact, fields={"ok_to_email": "yes"})
    author, second = world.operator, world.member("admin")
    with pytest.raises(Refused, match="second person"):
        apply(made)
    with pytest.raises(Refused, match="how these contacts gave"):
        approval.approve(made, actor=second, digest=made.digest)
    with pytest.raises(Refused, match="how these contacts gave"):
        approval.give_evidence(made, actor=author, evidence="yes")
    approval.give_evidence(made, actor=author, evidence=EVIDENCE)
    with pytest.raises(Refused, match="Someone else must approve"):
        approval.approve(made, actor=author, digest=made.digest, reason="I am in a hurry today.")
    with pytest.raises(Refused, match="Your role"):
        approval.approve(made, actor=world.member("viewer"), digest=made.digest)
    with pytest.raises(Refused, match="changed since"):
        approval.approve(made, actor=second, digest="0" * 64)
    approval.approve(made, actor=second, digest=made.digest)
    with pytest.raises(Refused, match="has its evidence"):
        approval.give_evidence(made, actor=author, evidence="Another story entirely.")
    apply(made)
    assert over_there.contacts.get(contact.remote_id).ok_to_email is True
    actions = list(
        Entry.objects.filter(action__startswith="bulk.").order_by("pk").values_list("action", flat=True)
    )
    assert actions == ["bulk.planned", "bulk.evidence_given", "bulk.approved", "bulk.applied"]
    assert EVIDENCE not in str(list(Entry.objects.values()))


def test_who_is_alone_approves_with_a_reason(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, run_jobs: Any
) -> None:
    made = plan(without_consent(over_there, admin, run_jobs), fields={"ok_to_email": "yes"})
    approval.give_evidence(made, actor=world.operator, evidence=EVIDENCE)
    assert not approval.others_exist(made)
    with pytest.raises(Refused, match="why you approve your own"):
        approval.approve(made, actor=world.operator, digest=made.digest)
    approval.approve(
        made, actor=world.operator, digest=made.digest, reason="Nobody else works here this week."
    )
    made.refresh_from_db()
    assert made.approval_reason and not approval.is_missing(made)


@pytest.mark.parametrize(
    ("fields", "is_needed"),
    [
        ({"ok_to_call": "yes"}, True),
        ({"ok_to_mail": "yes"}, True),
        ({"preferences.is_silenced": "no"}, True),
        ({"ok_to_call": "no"}, False),
        ({"preferences.is_silenced": "yes"}, False),
        ({"city": "Duluth"}, False),
    ],
)
def test_only_what_lets_people_be_contacted_needs_approval(
    world: World, admin: Connection, plan: Edit, fields: Any, is_needed: bool
) -> None:
    assert approval.is_needed(plan(Contact.objects.all()[0], fields=fields)) is is_needed


@pytest.fixture
def conflict(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply
) -> Any:
    """A row whose contact moved to Ely, while it was to move to Duluth."""
    contact = Contact.objects.exclude(city="").first()
    assert contact is not None
    made = plan(contact, fields={"city": "Duluth"})
    over_there.contacts.update(contact.remote_id, {"city": "Ely"})
    apply(made)
    row = made.rows.select_related("contact__document", "contact__owner", "plan").get()
    assert row.state == RowState.SET_ASIDE
    return row


def test_a_conflict_shows_three_values(conflict: Any) -> None:
    [line] = preview.lines(conflict.plan, [conflict], {conflict.contact_id})
    [change] = line.changes
    assert (change.before, change.after, change.now) == (conflict.before["fields"]["city"], "Duluth", "Ely")


def test_what_is_there_is_kept(
    world: World, conflict: Any, over_there: total_expert.Client, run_jobs: Any
) -> None:
    conflicts.keep(conflict, actor=world.operator)
    run_jobs()
    conflict.refresh_from_db()
    assert (conflict.state, conflict.reason) == (RowState.UNCHANGED, conflicts.KEPT)
    assert over_there.contacts.get(conflict.remote_id).city == "Ely"
    with pytest.raises(Refused, match="no longer waits"):
        conflicts.overwrite(conflict, actor=world.operator)


def test_or_overwritten_and_an_undo_brings_back_what_was_overwritten(
    world: World, conflict: Any, over_there: total_expert.Client, apply: Apply, run_jobs: Any
) -> None:
    conflicts.overwrite(conflict, actor=world.operator)
    run_jobs()
    conflict.refresh_from_db()
    assert (conflict.state, conflict.plan.state) == (RowState.DONE, PlanState.APPLIED)
    assert over_there.contacts.get(conflict.remote_id).city == "Duluth"
    undo = verbs.undo(conflict.plan, actor=world.operator)
    run_jobs()
    undo.refresh_from_db()
    apply(undo)
    assert over_there.contacts.get(conflict.remote_id).city == "Ely"


def test_a_contact_that_changes_again_after_the_decision_is_set_aside_again(
    world: World, conflict: Any, over_there: total_expert.Client, run_jobs: Any
) -> None:
    conflicts.overwrite(conflict, actor=world.operator)
    over_there.contacts.update(conflict.remote_id, {"city": "Virginia"})
    run_jobs()
    conflict.refresh_from_db()
    assert conflict.state == RowState.SET_ASIDE
    assert over_there.contacts.get(conflict.remote_id).city == "Virginia"


def test_who_may_not_edit_decides_nothing(world: World, conflict: Any) -> None:
    for decide in (conflicts.keep, conflicts.overwrite):
        with pytest.raises(Refused, match="Your role"):
            decide(conflict, actor=world.member("viewer"))


@pytest.mark.parametrize("state", [JobState.CANCELED, JobState.FAILED])
def test_a_sync_that_ends_early_stops_the_edit_and_another_try_continues_it(
    world: World, admin: Connection, plan: Edit, run_jobs: Any, state: JobState
) -> None:
    made = plan(*Contact.objects.all()[:2], fields={"city": "Duluth"})
    verbs.apply(made, actor=world.operator, digest=made.digest)
    queue.run_now(Job.objects.get(kind="bulk.apply"))
    latest = Job.objects.filter(kind=sync_jobs.KIND).latest("pk")
    Job.objects.filter(pk=latest.pk).update(state=state, finished_at=clock.now())
    run_jobs()
    made.refresh_from_db()
    assert made.counts() == {RowState.PLANNED: 2}
    [stopped] = bulk_jobs.waits_of(made)
    assert stopped.state == JobState.FAILED and "nothing was sent" in stopped.problem
    verbs.retry(made, actor=world.operator)
    run_jobs()
    assert made.counts() == {RowState.DONE: 2}


def test_a_paused_sync_stops_the_edit_and_says_so(
    world: World, admin: Connection, plan: Edit, run_jobs: Any
) -> None:

    made = plan(*Contact.objects.all()[:2], fields={"city": "Duluth"})
    sync = sync_jobs.start(connection=admin)
    queue.pause(sync, actor=world.operator)
    verbs.apply(made, actor=world.operator, digest=made.digest)
    run_jobs()
    made.refresh_from_db()
    [stopped] = bulk_jobs.waits_of(made)
    assert "sync of the contacts is paused" in stopped.problem
    queue.resume(Job.objects.get(pk=sync.pk), actor=world.operator)
    run_jobs()
    verbs.retry(made, actor=world.operator)
    run_jobs()
    assert made.counts() == {RowState.DONE: 2}


def test_trying_again_resumes_a_paused_job(
    world: World, admin: Connection, plan: Edit, run_jobs: Any
) -> None:
    made = plan(*Contact.objects.all()[:2], fields={"city": "Duluth"})
    verbs.apply(made, actor=world.operator, digest=made.digest)
    [job] = Job.objects.filter(kind="bulk.apply")
    queue.pause(job, actor=world.operator)
    run_jobs()
    assert made.counts() == {RowState.PLANNED: 2}
    made.refresh_from_db()
    verbs.retry(made, actor=world.operator)
    run_jobs()
    assert made.counts() == {RowState.DONE: 2}


def test_pausing_while_rows_are_taken_sends_none_of_them(
    world: World, admin: Connection, plan: Edit, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:

    made = plan(*Contact.objects.all()[:3], fields={"city": "Duluth"})
    mark = applying._mark

    def pause_first(*arguments: Any) -> None:
        job = Job.objects.get(kind="bulk.apply")
        if job.state == JobState.RUNNING:
            queue.pause(job, actor=world.operator)
        mark(*arguments)

    monkeypatch.setattr(applying, "_mark", pause_first)
    verbs.apply(made, actor=world.operator, digest=made.digest)
    run_jobs()
    assert made.counts() == {RowState.PLANNED: 3}
    assert Job.objects.get(kind="bulk.apply").state == JobState.PAUSED


def test_an_edit_that_is_being_undone_is_not_retried(
    world: World, admin: Connection, plan: Edit, apply: Apply, run_jobs: Any
) -> None:
    gone, other = Contact.objects.all()[:2]
    made = plan(gone, other, fields={"city": "Duluth"})
    world.sandbox.faults(
        {"method": "PATCH", "path": f"/v1/contacts/{gone.remote_id}", "status": 422, "times": 1}
    )
    apply(made)
    undo = verbs.undo(made, actor=world.operator)
    with pytest.raises(Refused, match="being undone"):
        verbs.retry(made, actor=world.operator)
    run_jobs()
    verbs.cancel(undo, actor=world.operator)
    verbs.retry(made, actor=world.operator)


def test_a_plan_whose_job_is_canceled_says_so(world: World, admin: Connection, plan: Edit) -> None:

    made: Plan = planning.create(
        installation=admin.installation,
        operations=Operations.checked(fields={"city": "Duluth"}),
        chosen=Chosen.read(QueryDict("all=1&query=")),
        actor=world.operator,
    )
    queue.cancel(Job.objects.get(kind="bulk.build"), actor=world.operator)
    made.refresh_from_db()
    assert made.state == PlanState.FAILED and made.problem


def test_an_undo_that_grants_a_consent_again_needs_approval_too(
    world: World, admin: Connection, plan: Edit, apply: Apply, run_jobs: Any
) -> None:
    contact = Contact.objects.filter(ok_to_email=True)[0]
    made = apply(plan(contact, fields={"ok_to_email": "no"}))
    undo = verbs.undo(made, actor=world.operator)
    run_jobs()
    undo.refresh_from_db()
    assert approval.is_needed(undo)
    with pytest.raises(Refused, match="second person"):
        verbs.apply(undo, actor=world.operator, digest=undo.digest)


def test_a_consent_that_may_have_been_withdrawn_is_not_overwritten(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply, run_jobs: Any
) -> None:
    contact = without_consent(over_there, admin, run_jobs)
    made = plan(contact, fields={"ok_to_email": "yes"})
    approval.give_evidence(made, actor=world.operator, evidence=EVIDENCE)
    with pytest.raises(Refused, match="has its evidence"):
        approval.give_evidence(made, actor=world.operator, evidence="Another story entirely.")
    approval.approve(made, actor=world.member("admin"), digest=made.digest)
    over_there.contacts.update(contact.remote_id, {"nickname": "Changed"})
    apply(made)
    row = made.rows.select_related("contact__document", "plan").get()
    assert row.state == RowState.SET_ASIDE
    with pytest.raises(Refused, match="withdrawn the consent"):
        conflicts.overwrite(row, actor=world.operator)


def test_an_edit_that_is_being_undone_takes_no_decisions(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply
) -> None:
    changed, other = Contact.objects.all()[:2]
    made = plan(changed, other, fields={"city": "Duluth"})
    over_there.contacts.update(changed.remote_id, {"city": "Ely"})
    apply(made)
    verbs.undo(made, actor=world.operator)
    row = made.rows.select_related("contact__document", "plan").get(contact=changed)
    with pytest.raises(Refused, match="being undone"):
        conflicts.overwrite(row, actor=world.operator)


def test_one_plan_that_waits_for_a_sync_holds_up_no_other(
    world: World, admin: Connection, plan: Edit, apply: Apply, run_jobs: Any
) -> None:
    made = apply(plan(Contact.objects.all()[0], fields={"city": "Duluth"}))
    world.sandbox.pass_time(60)
    made.rows.update(finished_at=clock.now())
    sync = sync_jobs.start(connection=admin)
    undo = verbs.undo(made, actor=world.operator)
    later = planning.create(
        installation=admin.installation,
        operations=Operations.checked(fields={"city": "Ely"}),
        chosen=Chosen.read(QueryDict("all=1&query=")),
        actor=world.operator,
    )
    assert sync.state == JobState.WAITING
    queue.run_now(Job.objects.get(kind="bulk.build", state=JobState.WAITING))
    undo.refresh_from_db()
    later.refresh_from_db()
    assert (undo.state, later.state) == (PlanState.BUILDING, PlanState.READY)
