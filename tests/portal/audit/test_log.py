"""Entries of the audit log are written once and never changed."""

import pytest

from portal.accounts.models import User
from portal.audit import log
from portal.audit.models import AppendOnly, Entry
from portal.core import clock
from portal.organizations.models import Organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> Entry:
    return log.record("probe.done", actor=None, rows=3)


def test_an_entry_stores_actor_organization_and_target_by_id() -> None:
    user = User.objects.create_user("ada@cedar.example")
    cedar = Organization.objects.create(name="Cedar", slug="cedar", created_at=clock.now())
    made = log.record("probe.done", actor=user, organization=cedar, target=user, rows=3)
    made.refresh_from_db()
    assert (made.actor_id, made.organization_id) == (user.pk, cedar.pk)
    assert (made.object_type, made.object_id) == ("accounts.user", str(user.pk))
    assert made.detail == {"rows": 3}
    assert "ada" not in str(made)


def test_an_entry_cannot_be_changed(entry: Entry) -> None:
    entry.action = "probe.undone"
    with pytest.raises(AppendOnly):
        entry.save()
    with pytest.raises(AppendOnly):
        Entry.objects.filter(pk=entry.pk).update(action="probe.undone")
    assert Entry.objects.get().action == "probe.done"


def test_an_entry_cannot_be_deleted(entry: Entry) -> None:
    with pytest.raises(AppendOnly):
        entry.delete()
    with pytest.raises(AppendOnly):
        Entry.objects.all().delete()
    assert Entry.objects.count() == 1


def test_entries_outlive_the_user_who_acted() -> None:
    user = User.objects.create_user("ada@cedar.example")
    made = log.record("probe.done", actor=user)
    pk = user.pk
    user.delete()
    made.refresh_from_db()
    assert made.actor_id == pk


def test_details_are_shown_in_words() -> None:
    made = log.record(
        "probe.done",
        actor=None,
        role_before="viewer",
        stopped=False,
        rows=3,
        reason="",
        pk=None,
        fields=["logo", "accent color"],
    )
    assert made.details == [
        ("role before", "viewer"),
        ("stopped", "no"),
        ("rows", "3"),
        ("reason", "none"),
        ("pk", "none"),
        ("fields", "logo, accent color"),
    ]


def test_changed_fields_and_codes_are_shown_without_their_underscores() -> None:
    user = User.objects.create_user("ada@lender.example")
    made = log.record(
        "user.changed", actor=None, target=user, fields=["is_operator", "gone_field"], state="needs_reconnect"
    )
    assert made.details == [("fields", "is operator, gone field"), ("state", "needs reconnect")]
    assert Entry(object_type="gone.model", detail={"fields": ["a_b"]}).details == [("fields", "a b")]
