"""Every operation of an edit: what it sends, what it can't do, and that its undo puts everything back."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations import total_expert
from integrations.bulk import approval, undoing, verbs
from integrations.bulk.models import PlanState, RowAction, RowState
from integrations.bulk.operations import Replacement
from integrations.connections.models import Connection
from integrations.directory.models import Contact, ContactGroup, Membership, Owner
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from portal.core.errors import Refused
from tests.integrations.bulk.conftest import Edit
from tests.integrations.bulk.test_edits import Apply, digest
from tests.world import World

pytestmark = pytest.mark.django_db

FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "nickname": st.sampled_from(["", "Duluth", "Ågot’s"]),
        "city": st.sampled_from(["", "Duluth"]),
        "phone_home": st.sampled_from(["", "612 555 0142"]),
        "website_url": st.sampled_from(["", "https://ann.example"]),
        "close_date": st.sampled_from(["", "2026-03-01", "4/9/2027"]),
        "credit_score_date": st.sampled_from(["", "2025-12-31"]),
        "credit_score": st.sampled_from(["", "Good", "very poor"]),
        "ok_to_call": st.sampled_from(["yes", "no"]),
        "ok_to_email": st.sampled_from(["yes", "no"]),
        "preferences.is_silenced": st.sampled_from(["yes", "no"]),
    },
)
CUSTOM = st.fixed_dictionaries({}, optional={"custom_string": st.sampled_from(["", "Blue", "7"])})


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=FIELDS,
    custom=CUSTOM,
    groups=st.tuples(*[st.sampled_from(["add", "remove", "leave"])] * 3),
    replaces_groups=st.booleans(),
    replaces_text=st.booleans(),
    chosen=st.sets(st.integers(0, 29), min_size=1, max_size=6),
)
def test_applying_and_undoing_any_edit_leaves_everything_as_it_was(
    world: World,
    admin: Connection,
    plan: Edit,
    apply: Apply,
    run_jobs: Any,
    fields: Any,
    custom: Any,
    groups: Any,
    replaces_groups: bool,
    replaces_text: bool,
    chosen: Any,
) -> None:
    names = sorted(set(ContactGroup.objects.exclude(user_editable=False).values_list("name", flat=True)))[:3]
    added = [name for name, choice in zip(names, groups, strict=True) if choice == "add"]
    removed = [name for name, choice in zip(names, groups, strict=True) if choice == "remove"]
    changes: dict[str, Any] = {"fields": fields, "custom": custom}
    changes |= {"groups": added} if replaces_groups else {"add_groups": added, "remove_groups": removed}
    if replaces_text and "city" not in fields:
        changes["replacements"] = [Replacement("city", "e", "3")]
    contacts = [contact for number, contact in enumerate(Contact.objects.order_by("pk")) if number in chosen]
    before = digest(world)
    try:
        made = plan(*contacts, **changes)
    except Refused:
        return
    if not made.rows.filter(state=RowState.PLANNED).exists():
        return
    approve(made, world)
    apply(made)
    assert set(made.counts()) <= {RowState.DONE, RowState.UNCHANGED, RowState.REFUSED}
    undo = verbs.undo(made, actor=world.operator)
    run_jobs()
    undo.refresh_from_db()
    approve(undo, world)
    apply(undo)
    assert set(undo.counts()) == {RowState.DONE}
    assert digest(world) == before


def approve(plan: Any, world: World) -> None:
    if approval.is_needed(plan):
        approval.give_evidence(plan, actor=world.operator, evidence="They signed the form of May 2026.")
        approval.approve(plan, actor=world.member("admin"), digest=plan.digest)


def other_owner(contact: Contact) -> Owner:
    """Return an owner with a group of a name that the contact's owner has as well."""
    names = Membership.objects.filter(contact=contact).values("group__name")
    groups = ContactGroup.objects.filter(name__in=names).exclude(owner=contact.owner).exclude(owner=None)
    found = (groups.first() or ContactGroup.objects.exclude(owner=contact.owner).exclude(owner=None)[0]).owner
    assert found is not None
    return found


def test_a_contact_goes_to_another_owner_and_comes_back_with_its_groups(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply, run_jobs: Any
) -> None:
    contacts = list(Contact.objects.filter(memberships__isnull=False).exclude(owner=None).distinct()[:4])
    owner = other_owner(contacts[0])
    before = digest(world)
    edit = plan(*contacts, owner=owner.remote_id)
    moving = edit.rows.filter(state=RowState.PLANNED)
    assert moving.exists() and set(moving.values_list("action", flat=True)) == {RowAction.TRANSFER}
    apply(edit)
    for row in edit.rows.filter(state=RowState.DONE):
        there = over_there.contacts.get(row.remote_id or 0)
        assert there.owner is not None and there.owner.id == owner.remote_id
        assert sorted(group.id for group in there.contact_groups) == row.after["groups"]
    undo = verbs.undo(edit, actor=world.operator)
    run_jobs()
    undo.refresh_from_db()
    apply(undo)
    assert set(undo.counts()) == {RowState.DONE}
    assert digest(world) == before


def test_only_an_admin_connection_gives_contacts_to_others(
    world: World, admin: Connection, plan: Edit, run_jobs: Any
) -> None:
    officer = world.member("officer")
    own = world.consented(officer)
    sync_jobs.start(connection=own)
    run_jobs()
    made = plan(actor=officer, owner=Owner.objects.exclude(pk=own.sync_state.owner_id)[0].remote_id)
    assert set(made.rows.values_list("reason", flat=True)) == {
        "Only an admin connection can give contacts to another owner."
    }


def test_an_owner_who_is_not_active_gets_nothing(admin: Connection, plan: Edit) -> None:
    owner = Owner.objects.all()[0]
    Owner.objects.filter(pk=owner.pk).update(is_active=False)
    for id in (owner.remote_id, 987654321):
        made = plan(owner=id)
        assert made.state == PlanState.FAILED and "isn't active" in made.problem


def test_deleting_needs_the_right_and_the_typed_count_and_cannot_be_undone(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, run_jobs: Any
) -> None:
    chosen = list(Contact.objects.all()[:2])
    made = plan(*chosen, delete=True)
    assert set(made.rows.values_list("action", flat=True)) == {RowAction.DELETE}
    with pytest.raises(Refused, match="Your role"):
        verbs.apply(made, actor=world.member("editor"), digest=made.digest, typed_count=2)
    with pytest.raises(Refused, match="Type the number"):
        verbs.apply(made, actor=world.operator, digest=made.digest)
    verbs.apply(made, actor=world.operator, digest=made.digest, typed_count=2)
    run_jobs()
    deleted = made.rows.filter(state=RowState.DONE)
    assert deleted.exists()
    left = {contact.id for contact in over_there.contacts.all()}
    for row in made.rows.all():
        assert (row.remote_id in left) is (row.state == RowState.FAILED)
    made.refresh_from_db()
    undo = verbs.undo(made, actor=world.operator)
    run_jobs()
    assert set(undo.rows.values_list("state", "reason")) == {(RowState.REFUSED, undoing.DELETED)}


@pytest.mark.parametrize("drop", ["after", "before"])
def test_a_deletion_whose_answer_was_lost_is_looked_up(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, run_jobs: Any, drop: str
) -> None:
    made = plan(*Contact.objects.all()[:3], delete=True)
    world.sandbox.faults({"method": "DELETE", "path": "/v1/contacts", "drop": drop, "times": 2})
    verbs.apply(made, actor=world.operator, digest=made.digest, typed_count=3)
    run_jobs()
    world.sandbox.faults()
    left = {contact.id for contact in over_there.contacts.all()}
    for row in made.rows.all():
        assert row.state in (RowState.DONE, RowState.FAILED)
        assert (row.remote_id in left) is (row.state == RowState.FAILED), row.reason


def test_a_text_is_replaced_where_it_occurs(
    admin: Connection, over_there: total_expert.Client, plan: Edit, apply: Apply
) -> None:
    one, other = Contact.objects.all()[:2]
    over_there.contacts.update(one.remote_id, {"website_url": "http://old.example/ann"})
    queue.run_now(sync_jobs.start(connection=admin))
    made = plan(one, other, replacements=[Replacement("website_url", "http://old.", "https://new.")])
    assert made.rows.get(contact=other).state == RowState.UNCHANGED
    apply(made)
    assert over_there.contacts.get(one.remote_id).website_url == "https://new.example/ann"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"groups": ["A"], "add_groups": ["B"]}, "Either replace all groups"),
        ({"owner": 5, "fields": {"city": "X"}}, "edit of its own"),
        ({"delete": True, "add_groups": ["A"]}, "can't be changed as well"),
        ({"delete": True, "owner": 5}, "edit of its own"),
        ({"replacements": [Replacement("city", "", "x")]}, "text to find"),
        ({"replacements": [Replacement("ok_to_call", "a", "x")]}, "no text to search"),
        ({"replacements": [Replacement("close_date", "a", "x")]}, "no text to search"),
        (
            {"replacements": [Replacement("city", "a", "x")], "fields": {"city": "Y"}},
            "set and to be searched",
        ),
        ({"replacements": [Replacement("city", "a", "x"), Replacement("city", "b", "x")]}, "only once"),
        ({"fields": {"ok_to_call": "maybe"}}, "must be yes or no"),
        ({"fields": {"close_date": "31.31.2026"}}, "not a date"),
        ({"fields": {"phone_cell": "call me"}}, "not a phone number"),
        ({"fields": {"email": "a@b@c"}}, "not an email address"),
        ({"fields": {"website_url": "not a site"}}, "not a web address"),
        ({"fields": {"credit_score": "Superb"}}, "must be one of"),
        ({"custom": {"custom_string": "x" * 301}}, "longer than 300"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused_with_a_sentence(
    plan: Edit, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        plan(**changes)


def test_a_contact_that_another_edit_changed_meanwhile_is_set_aside(
    world: World, admin: Connection, over_there: total_expert.Client, plan: Edit, run_jobs: Callable[[], None]
) -> None:
    contact = Contact.objects.all()[0]
    first, second = (plan(contact, fields={"city": city}) for city in ("Duluth", "Ely"))
    verbs.apply(first, actor=world.operator, digest=first.digest)
    verbs.apply(second, actor=world.operator, digest=second.digest)
    run_jobs()
    assert first.rows.get().state == RowState.DONE
    assert second.rows.get().state == RowState.SET_ASIDE
    assert over_there.contacts.get(contact.remote_id).city == "Duluth"
