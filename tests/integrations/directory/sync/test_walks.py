"""A walk loses nothing, and a pass believes content: times that go back, shared seconds, lists that change meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations import total_expert
from integrations.connections.models import Connection
from integrations.directory.models import (
    Contact,
    ContactGroup,
    Membership,
    SyncState,
    UnreadContact,
)
from integrations.directory.sync import reader
from integrations.jobs.models import Job
from tests.integrations.directory.sync.reading import lines, theirs
from tests.world import CEDAR, World

pytestmark = pytest.mark.usefixtures("no_pauses")
Run = Callable[..., Job]
HOUR, DAY = 3600.0, 24 * 3600.0


@pytest.mark.parametrize(
    "time", ["2025-01-01 00:00:00", None, "", "0000-00-00 00:00:00", "3000-01-01 00:00:00"]
)
def test_a_full_pass_believes_content_whatever_the_time_of_the_last_change(
    world: World, admin: Connection, over_there: total_expert.Client, sync: Run, time: Any
) -> None:
    callable_ = next(each.id for each in theirs(over_there).values() if each.ok_to_call)
    sync(admin)
    world.sandbox.faults(
        {
            "method": "GET",
            "path": "/v1/contacts",
            "shows": callable_,
            "change": {"ok_to_call": 0, "internal_updated_at": time},
        }
    )
    sync(admin, full=True)
    assert Contact.objects.get(remote_id=callable_).ok_to_call is False


def test_groups_in_an_unknown_format_are_noted_and_read_when_they_heal(
    world: World, admin: Connection, over_there: total_expert.Client, sync: Run
) -> None:
    sync(admin)
    contact = Contact.objects.filter(memberships__isnull=False)[0]
    before = set(contact.memberships.values_list("group", flat=True))
    world.sandbox.faults(
        {
            "method": "GET",
            "path": "/v1/contacts",
            "shows": contact.remote_id,
            "change": {"contact_groups": [5]},
        }
    )
    job = sync(admin, full=True)
    assert "unknown format" in lines(job) and str(contact.remote_id) in lines(job)
    assert set(contact.memberships.values_list("group", flat=True)) == before
    world.sandbox.faults()
    group = Membership.objects.get(contact=contact, group=min(before)).group
    over_there.contacts.update(contact.remote_id, {"remove_contact_groups": [{"id": group.remote_id}]})
    world.sandbox.pass_time(2 * HOUR)
    sync(admin)
    assert set(contact.memberships.values_list("group", flat=True)) == before - {group.pk}
    assert not UnreadContact.objects.exists()


def _share_a_second(world: World, client: total_expert.Client, number: int) -> list[int]:
    """Create contacts that share one second of their last change, as an import does."""
    owner = {"id": world.sandbox.officers(CEDAR)[0]["id"]}
    ids = [
        client.contacts.create(
            {
                "first_name": f"Same{i}",
                "last_name": "Second",
                "source": "Import",
                "email": f"s{i}@mail.example",
            },
            owner=owner,
        ).id
        for i in range(number)
    ]
    with world.sandbox.app.sandbox.database.write() as connection:
        latest = connection.execute("SELECT max(updated) FROM contacts").fetchone()[0]
        marks = ",".join("?" * len(ids))
        connection.execute(f"UPDATE contacts SET updated = ? WHERE id IN ({marks})", (latest, *ids))
    world.sandbox.app.sandbox.records_changed()
    return ids


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("number", [80, pytest.param(800, marks=pytest.mark.soak)])
def test_contacts_that_share_a_second_are_all_read_while_some_are_edited(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    sync: Run,
    monkeypatch: pytest.MonkeyPatch,
    is_first: bool,
    number: int,
) -> None:
    if not is_first:
        sync(admin)
        world.sandbox.pass_time(HOUR)
    ids = _share_a_second(world, over_there, number)
    world.sandbox.pass_time(60)
    fetch, edits = reader.fetch, iter(ids[:10])

    def fetch_then_edit(client: Any, position: Any, **filters: Any) -> Any:
        page = fetch(client, position, **filters)
        if position.page > 1 and (id := next(edits, None)) is not None:
            over_there.contacts.update(id, {"nickname": "Edited"})
        return page

    monkeypatch.setattr(reader, "fetch", fetch_then_edit)
    job = sync(admin)
    assert next(edits, None) is None
    assert set(Contact.objects.values_list("remote_id", flat=True)) == theirs(over_there).keys()
    assert Contact.objects.filter(document__raw__nickname="Edited").count() == 10
    # Edits that fall into every read leave the copy whole, but nothing has shown that it is.
    if is_first and "changed during each read" not in lines(job):
        assert SyncState.objects.get(connection=admin).is_complete


@pytest.mark.usefixtures("small_pages")
def test_a_contact_that_the_lists_lost_keeps_the_copy_from_being_called_complete(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    sync: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = sorted(theirs(over_there))[7]
    fetch = reader.fetch

    def losing(client: Any, position: Any, **filters: Any) -> Any:
        page = fetch(client, position, **filters)
        kept = tuple(item for item in page.items if item.id != lost)
        return total_expert.Page(kept, page.number, page.last, page.next, page.size)

    monkeypatch.setattr(reader, "fetch", losing)
    job = sync(admin)
    state = SyncState.objects.get(connection=admin)
    assert (state.difference, state.is_complete) == (1, False)
    assert "Total Expert counts" in lines(job)
    monkeypatch.undo()
    world.sandbox.pass_time(25 * HOUR)
    sync(admin)
    state.refresh_from_db()
    assert (state.difference, state.is_complete) == (0, True)


@pytest.mark.parametrize("number", [60, pytest.param(260, marks=pytest.mark.soak)])
def test_groups_that_are_deleted_during_a_pass_take_no_other_group_with_them(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    sync: Run,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    owner = {"id": world.sandbox.officers(CEDAR)[0]["id"]}
    for each in range(number):
        over_there.contact_groups.create({"group_name": f"Group {each:03}"}, owner=owner)
    listed = total_expert.resources.endpoints.ListResource.list

    def small(self: Any, page: int = 1, size: int = 100, *args: Any, **options: Any) -> Any:
        return listed(self, page, 20 if "groups" in self._path else size, *args, **options)

    monkeypatch.setattr(total_expert.resources.endpoints.ListResource, "list", small)
    sync(admin)
    ids = sorted(ContactGroup.objects.values_list("remote_id", flat=True))
    to_delete = iter(ids[:10])

    def delete_after(self: Any, page: int = 1, *args: Any, **options: Any) -> Any:
        found = small(self, page, *args, **options)
        if "groups" in self._path and (id := next(to_delete, None)) is not None:
            over_there.contact_groups.delete(id)
        return found

    monkeypatch.setattr(total_expert.resources.endpoints.ListResource, "list", delete_after)
    sync(admin)
    monkeypatch.setattr(total_expert.resources.endpoints.ListResource, "list", small)
    there = {group.id for group in over_there.contact_groups.all()}
    assert not ContactGroup.objects.filter(remote_id__in=there).exclude(gone_at=None).exists()
    sync(admin)
    assert set(ContactGroup.objects.filter(gone_at=None).values_list("remote_id", flat=True)) == there


def test_a_job_names_every_record_that_it_left_out(
    world: World, admin: Connection, over_there: total_expert.Client, sync: Run
) -> None:
    world.sandbox.faults({"method": "GET", "path": "/v1/contacts", "change": {"contact_groups": ["?"]}})
    text = lines(sync(admin))
    world.sandbox.faults()
    for id in theirs(over_there):
        assert str(id) in text
