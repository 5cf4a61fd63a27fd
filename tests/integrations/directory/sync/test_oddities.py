"""What one record, page or number does wrong costs only that record or page: the pass ends, and the rest is stored."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations import total_expert
from integrations.connections.models import Connection
from integrations.directory.models import (
    Contact,
    SyncState,
    UnreadContact,
    UnreadPage,
)
from integrations.directory.sync import reader
from integrations.jobs.models import Job
from tests.integrations.directory.sync.reading import lines, theirs
from tests.world import World

Run = Callable[..., Job]
pytestmark = pytest.mark.usefixtures("no_pauses")
HOUR, DAY = 3600.0, 24 * 3600.0


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
