"""What one record, page or number does wrong costs only that record or page: the pass ends, and the rest is stored."""

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
    UnreadPage,
)
from integrations.directory.sync import reader
from integrations.jobs.models import Job, JobLine
from integrations.total_expert import calls
from portal.core import clock
from tests.world import CEDAR, World

Run = Callable[..., Job]
HOUR, DAY = 3600.0, 24 * 3600.0


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client retries at once."""
    monkeypatch.setattr(calls, "FIRST_PAUSE", 0)


@pytest.fixture
def sync(world: World, run_sync: Run) -> Run:
    """A function that syncs to the end of a pass, however often the pass waits for Total Expert."""

    def run(connection: Connection, **options: Any) -> Job:
        job = run_sync(connection, **options)
        for _ in range(40):
            if job.state != "waiting":
                break
            world.sandbox.pass_time(max((job.waits_until - clock.now()).total_seconds(), 0) + 1)
            job = run_sync(connection, **options)
        assert job.state == "done", job.problem or job.waits_for
        return job

    return run


def lines(job: Job) -> str:
    return "\n".join(JobLine.objects.filter(job=job).values_list("text", flat=True))


def theirs(client: total_expert.Client) -> dict[int, total_expert.Contact]:
    return {contact.id: contact for contact in client.contacts.all()}


def contact_fault(id: int, **effects: Any) -> dict[str, Any]:
    return {"method": "GET", "path": f"/v1/contacts/{id}$", **effects}


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that leaves contacts out of every list, so that passes request them by ID."""

    def hide(*ids: int) -> None:
        fetch = reader.fetch

        def without(client: Any, position: Any, **filters: Any) -> Any:
            page = fetch(client, position, **filters)
            kept = tuple(item for item in page.items if item.id not in ids)
            return total_expert.Page(kept, page.number, page.last, page.next, page.size)

        monkeypatch.setattr(reader, "fetch", without)

    return hide


@pytest.mark.parametrize(
    "fault",
    [{"status": 403}, {"status": 500}, {"status": 409}, {"status": 302}, {"body": "html"},
     {"body": "truncated"}, {"drop": "after"}],
)  # fmt: skip
def test_a_contact_that_cannot_be_read_by_id_is_noted_and_tried_again_later(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    sync: Run,
    hidden: Callable[..., None],
    fault: dict[str, Any],
) -> None:
    sync(admin)
    bad, gone, changed = sorted(theirs(over_there))[3:6]
    over_there.contacts.delete(gone)
    hidden(bad)
    world.sandbox.faults(contact_fault(bad, **fault))
    job = sync(admin, full=True)
    assert f": {bad}." in lines(job)
    assert Contact.objects.get(remote_id=bad).gone_at is None
    assert Contact.objects.get(remote_id=gone).gone_at is not None
    world.sandbox.pass_time(7 * HOUR)
    over_there.contacts.update(changed, {"city": "Changedville"})
    job = sync(admin)
    assert Contact.objects.get(remote_id=changed).city == "Changedville"
    assert UnreadContact.objects.get(remote_id=bad).tries == 2
    world.sandbox.faults(contact_fault(bad, status=410))
    world.sandbox.pass_time(DAY)
    sync(admin)
    assert Contact.objects.get(remote_id=bad).gone_at is not None
    assert not UnreadContact.objects.exists()


def test_a_contact_that_was_merged_is_gone_and_the_other_one_is_stored(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    sync: Run,
    hidden: Callable[..., None],
) -> None:
    sync(admin)
    merged, into = sorted(theirs(over_there))[:2]
    hidden(merged)
    world.sandbox.faults(contact_fault(merged, change={"id": into}))
    job = sync(admin, full=True)
    assert f"{merged} is now {into}" in lines(job)
    assert Contact.objects.get(remote_id=merged).gone_at is not None
    assert Contact.objects.get(remote_id=into).gone_at is None


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SIZE", 10)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("place", [0, 14, -1])
@pytest.mark.parametrize("fault", [{"body": "html"}, {"status": 500}])
def test_a_page_that_cannot_be_read_is_left_out_and_read_when_it_heals(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    sync: Run,
    place: int,
    fault: dict[str, Any],
) -> None:
    """The page that shows one contact is never a list of contacts."""
    remote = sorted(theirs(over_there).values(), key=lambda each: (each.internal_updated_at, each.id))
    poison = remote[place].id
    world.sandbox.faults({"method": "GET", "path": "/v1/contacts$", "shows": poison, **fault})
    assert "left out" in lines(sync(admin))
    assert len(remote) - 20 <= Contact.objects.count() < len(remote)
    assert not SyncState.objects.get(connection=admin).is_complete
    for _ in range(2):
        world.sandbox.pass_time(7 * HOUR)
        changed = Contact.objects.order_by("?")[0]
        over_there.contacts.update(changed.remote_id, {"city": "Changedville"})
        sync(admin)
        changed.refresh_from_db()
        # what is edited comes after the last page, so it is on the same page as the poison
        assert changed.city == "Changedville" or place == -1
    world.sandbox.faults()
    world.sandbox.pass_time(13 * HOUR)
    sync(admin)
    assert set(Contact.objects.values_list("remote_id", flat=True)) == theirs(over_there).keys()
    assert not UnreadPage.objects.exists()
    world.sandbox.pass_time(25 * HOUR)
    sync(admin)
    assert SyncState.objects.get(connection=admin).is_complete


@pytest.mark.parametrize(
    "fault", [{"status": 302}, {"status": 404}, {"status": 403}, {"status": 502}, {"body": "html"}]
)
@pytest.mark.parametrize("path", ["/v1/contacts$", "/v1/contact-groups$", "/v1/users$"])
def test_one_wrong_answer_to_a_list_is_asked_again(
    world: World, admin: Connection, over_there: total_expert.Client, run_sync: Run, sync: Run, path: str,
    fault: dict[str, Any],
) -> None:  # fmt: skip
    times = 3 if "body" in fault or fault["status"] >= 500 else 1  # the client repeats some itself
    world.sandbox.faults({"method": "GET", "path": path, "times": times, **fault})
    job = run_sync(admin)
    assert job.state == "waiting" and job.waits_for
    assert sync(admin) == job
    assert not UnreadPage.objects.exists()
    assert set(Contact.objects.values_list("remote_id", flat=True)) == theirs(over_there).keys()


def test_a_list_that_does_not_exist_fails_the_pass_in_the_end(
    world: World, admin: Connection, run_sync: Run
) -> None:
    world.sandbox.faults({"method": "GET", "path": "/v1/contacts$", "status": 404})
    job = run_sync(admin)
    for _ in range(4):
        if job.state == "waiting":
            world.sandbox.pass_time(300)
            job = run_sync(admin)
    assert job.state == "failed"


@pytest.mark.parametrize("links", [{"next": 2}, {"next": 2, "last": 99999999999}, {"next": 1}])
def test_a_list_that_ignores_page_numbers_ends_with_a_note_after_the_first_repeat(
    world: World, admin: Connection, over_there: total_expert.Client, sync: Run, links: dict[str, Any]
) -> None:
    world.sandbox.faults(
        {"method": "GET", "path": "/v1/contacts$", "links": links},
        {"method": "GET", "path": "/v1/con", "ignore": ["page[number]"]},
    )
    before = len(world.sandbox.requests("/v1/contacts"))
    job = sync(admin)
    assert "repeats itself" in lines(job)
    assert len(world.sandbox.requests("/v1/contacts")) - before < 20
    world.sandbox.faults()
    assert set(Contact.objects.values_list("remote_id", flat=True)) == theirs(over_there).keys()


@pytest.mark.parametrize("last", [99999999999, 2**31, 2**63 - 1, 2**80, -5, "99999999999", None, "many"])
def test_an_absurd_number_of_pages_makes_the_progress_unknown(
    world: World, admin: Connection, over_there: total_expert.Client, run_sync: Run, last: Any
) -> None:
    world.sandbox.faults({"method": "GET", "path": "/v1/con", "links": {"last": last}})
    job = run_sync(admin)
    assert job.state == "done", job.problem or job.waits_for
    world.sandbox.faults()
    assert Contact.objects.count() == len(theirs(over_there))


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
def test_contacts_that_share_a_second_are_all_read_while_some_are_edited(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    sync: Run,
    monkeypatch: pytest.MonkeyPatch,
    is_first: bool,
) -> None:
    if not is_first:
        sync(admin)
        world.sandbox.pass_time(HOUR)
    ids = _share_a_second(world, over_there, 80)
    world.sandbox.pass_time(60)
    fetch, edits = reader.fetch, iter(ids[:10])

    def fetch_then_edit(client: Any, position: Any, **filters: Any) -> Any:
        page = fetch(client, position, **filters)
        if position.page > 1 and (id := next(edits, None)) is not None:
            over_there.contacts.update(id, {"nickname": "Edited"})
        return page

    monkeypatch.setattr(reader, "fetch", fetch_then_edit)
    sync(admin)
    assert next(edits, None) is None
    assert set(Contact.objects.values_list("remote_id", flat=True)) == theirs(over_there).keys()
    assert Contact.objects.filter(document__raw__nickname="Edited").count() == 10
    assert is_first is False or SyncState.objects.get(connection=admin).is_complete


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


def test_groups_that_are_deleted_during_a_pass_take_no_other_group_with_them(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    sync: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = {"id": world.sandbox.officers(CEDAR)[0]["id"]}
    for number in range(60):
        over_there.contact_groups.create({"group_name": f"Group {number:03}"}, owner=owner)
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
