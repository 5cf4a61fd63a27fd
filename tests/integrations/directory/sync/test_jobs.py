"""Syncing a whole organization from the sandbox."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations import total_expert
from integrations.connections.models import Connection
from integrations.directory.models import (
    Contact,
    ContactGroup,
    Document,
    Membership,
    Owner,
    SyncState,
    Visibility,
)
from integrations.directory.sync import reader
from integrations.jobs.models import Job, JobLine
from tests.world import World

Run = Callable[..., Job]


def theirs(client: total_expert.Client, **filter: Any) -> dict[int, total_expert.Contact]:
    """Return what Total Expert has, read independently of the sync."""
    return {contact.id: contact for contact in client.contacts.all(filter=filter)}


def lines(job: Job) -> str:
    return "\n".join(JobLine.objects.filter(job=job).values_list("text", flat=True))


def test_a_first_sync_copies_every_contact_with_its_owner_and_record(
    admin: Connection, over_there: total_expert.Client, run_sync: Run
) -> None:
    job = run_sync(admin)
    assert job.state == "done", job.problem
    remote = theirs(over_there)
    synced = {row.remote_id: row for row in Contact.objects.select_related("owner", "document")}
    assert synced.keys() == remote.keys()
    for id, contact in remote.items():
        assert synced[id].document.raw == contact.raw
        assert contact.owner is not None
        assert synced[id].owner is not None
        assert synced[id].owner.remote_id == contact.owner.id
        assert (synced[id].first_name, synced[id].ok_to_email) == (
            contact.first_name,
            contact.ok_to_email,
        )


def test_groups_and_memberships_are_those_of_total_expert(
    admin: Connection, over_there: total_expert.Client, run_sync: Run
) -> None:
    run_sync(admin)
    groups = {group.id: group for group in over_there.contact_groups.all()}
    assert {(row.remote_id, row.name) for row in ContactGroup.objects.all()} == {
        (group.id, group.group_name) for group in groups.values()
    }
    expected = {(c.id, g.id) for c in theirs(over_there).values() for g in c.contact_groups}
    assert expected
    assert set(Membership.objects.values_list("contact__remote_id", "group__remote_id")) == expected


def test_owners_come_from_the_users_that_an_admin_sees(
    admin: Connection, over_there: total_expert.Client, run_sync: Run
) -> None:
    run_sync(admin)
    assert {(o.remote_id, o.is_active, o.display_name) for o in Owner.objects.all()} == {
        (user.id, user.active, f"{user.first_name} {user.last_name}") for user in over_there.users.all()
    }


def test_contacts_are_known_to_be_archived_or_not(
    admin: Connection, over_there: total_expert.Client, run_sync: Run
) -> None:
    run_sync(admin)
    archived = theirs(over_there, archieved=True).keys()
    assert archived
    assert set(Contact.objects.filter(archived=True).values_list("remote_id", flat=True)) == archived
    assert not Contact.objects.filter(archived=None).exists()


def test_without_the_archived_filter_the_flag_stays_unknown(
    world: World, admin: Connection, run_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = reader.fetch

    def fetch_without(client: Any, position: Any, **filters: Any) -> Any:
        if filters:
            raise total_expert.Rejected(["Unknown filter."], status=422)
        return fetch(client, position)

    monkeypatch.setattr(reader, "fetch", fetch_without)
    job = run_sync(admin)
    assert job.state == "done"
    assert "doesn't say which contacts are archived" in lines(job)
    assert set(Contact.objects.values_list("archived", flat=True)) == {None}


def test_a_loan_officer_sees_their_own_contacts_and_nothing_else(
    world: World, officer: Connection, run_sync: Run
) -> None:
    job = run_sync(officer)
    assert job.state == "done", job.problem
    sync_state = SyncState.objects.get(connection=officer)
    assert sync_state.owner is not None
    assert sync_state.owner.remote_id == world.sandbox.officers("Cedar Home Lending")[0]["id"]
    assert sync_state.owner.is_learned
    assert set(Contact.objects.values_list("owner", flat=True)) == {sync_state.owner_id}
    assert set(ContactGroup.objects.values_list("owner", flat=True)) == {sync_state.owner_id}
    assert (
        0
        < Contact.objects.count()
        == sync_state.contacts
        == Visibility.objects.filter(connection=officer).count()
    )


def test_two_loan_officers_share_one_synced_copy_and_each_sees_their_own_contacts(
    world: World, run_sync: Run
) -> None:
    first = world.consented(world.member("officer"), officer=0)
    second = world.consented(world.member("officer"), officer=1)
    run_sync(first)
    assert not Visibility.objects.filter(connection=second).exists()
    run_sync(second)
    seen = set(Visibility.objects.filter(connection=first).values_list("contact", flat=True))
    others = set(Visibility.objects.filter(connection=second).values_list("contact", flat=True))
    assert seen and others
    assert not seen & others
    assert Contact.objects.count() == len(seen | others)


def test_a_users_view_does_not_replace_an_admins_view_of_a_contact(
    world: World, admin: Connection, officer: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    run_sync(officer)
    seen = Contact.objects.filter(visibilities__connection=officer)
    assert seen.exists()
    assert not seen.filter(as_admin=False).exists()


def test_later_syncs_read_only_what_changed(
    world: World, admin: Connection, over_there: total_expert.Client, run_sync: Run
) -> None:
    run_sync(admin)
    world.sandbox.pass_time(3600)
    changed = Contact.objects.order_by("pk")[0]
    over_there.contacts.update(changed.remote_id, {"first_name": "Zoë", "city": "Ōsaka"})
    before = len(world.sandbox.requests("/v1/contacts"))
    run_sync(admin)
    requests = world.sandbox.requests("/v1/contacts")[before:]
    assert all("internal_updated_at_start" in row["query"] for row in requests)
    changed.refresh_from_db()
    assert (changed.first_name, changed.sort_city) == ("Zoë", "osaka")
    assert "zoe" in changed.search
    assert Document.objects.get(contact=changed).raw["first_name"] == "Zoë"


def test_a_change_of_groups_is_synced(
    admin: Connection, over_there: total_expert.Client, run_sync: Run
) -> None:
    run_sync(admin)
    row = Membership.objects.select_related("contact", "group")[0]
    over_there.contacts.update(
        row.contact.remote_id, {"remove_contact_groups": [{"id": row.group.remote_id}]}
    )
    run_sync(admin)
    assert not Membership.objects.filter(contact=row.contact, group=row.group).exists()


def test_a_full_sync_marks_deleted_contacts_and_never_deletes_them(
    admin: Connection, over_there: total_expert.Client, run_sync: Run
) -> None:
    run_sync(admin)
    victim = Contact.objects.order_by("pk")[3]
    over_there.contacts.delete(victim.remote_id)
    run_sync(admin)
    victim.refresh_from_db()
    assert victim.gone_at is None, "an incremental sync can't know"
    run_sync(admin, full=True)
    victim.refresh_from_db()
    assert victim.gone_at is not None
    assert not victim.visibilities.exists()
    assert Contact.objects.present().count() == len(theirs(over_there))


def test_a_contact_that_a_full_pass_did_not_find_is_requested_before_it_counts_as_gone(
    admin: Connection, run_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sync(admin)
    missed = Contact.objects.order_by("pk")[5]
    fetch = reader.fetch

    def skipping(client: Any, position: Any, **filters: Any) -> Any:
        page = fetch(client, position, **filters)
        kept = tuple(item for item in page.items if item.id != missed.remote_id)
        return total_expert.Page(kept, page.number, page.last, page.next, page.size)

    monkeypatch.setattr(reader, "fetch", skipping)
    assert run_sync(admin, full=True).state == "done"
    missed.refresh_from_db()
    assert missed.gone_at is None
    assert missed.visibilities.get().pass_number == SyncState.objects.get(connection=admin).passes


def test_a_contact_seen_again_is_no_longer_gone(admin: Connection, run_sync: Run) -> None:
    run_sync(admin)
    Contact.objects.update(gone_at="2026-01-01T00:00:00Z")
    run_sync(admin, full=True)
    assert not Contact.objects.exclude(gone_at=None).exists()


def test_a_deleted_group_is_marked(admin: Connection, over_there: total_expert.Client, run_sync: Run) -> None:
    run_sync(admin)
    group = ContactGroup.objects.order_by("pk")[0]
    over_there.contact_groups.delete(group.remote_id)
    run_sync(admin)
    group.refresh_from_db()
    assert group.gone_at is not None


def test_contacts_that_are_edited_during_a_sync_are_not_lost(
    admin: Connection, over_there: total_expert.Client, run_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On every page of five, someone edits a contact that was read already: page numbers would lose one each time."""
    edited: list[int] = []
    fetch = reader.fetch

    def fetch_then_edit(client: Any, position: Any, **filters: Any) -> Any:
        page = fetch(client, position, **filters)
        fresh = next((item.id for item in page.items if item.id not in edited), None)
        if not filters and fresh is not None and len(edited) < 8:
            edited.append(fresh)
            over_there.contacts.update(fresh, {"nickname": f"N{len(edited)}"})
        return page

    monkeypatch.setattr(reader, "SIZE", 5)
    monkeypatch.setattr(reader, "fetch", fetch_then_edit)
    job = run_sync(admin)
    monkeypatch.undo()
    assert job.state == "done"
    assert len(edited) > 3
    seen = Visibility.objects.filter(connection=admin).values_list("contact__remote_id", flat=True)
    assert set(seen) == theirs(over_there).keys()
    assert Contact.objects.get(remote_id=edited[0]).document.raw["nickname"] == "N1"


def test_the_total_of_a_finished_sync_is_exact(admin: Connection, run_sync: Run) -> None:
    job = run_sync(admin)
    assert job.total == job.done + job.failed == Contact.objects.count()
