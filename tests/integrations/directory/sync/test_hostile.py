"""Unexpected answers of Total Expert: one odd record doesn't stop a sync or hide later changes."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from integrations import total_expert
from integrations.connections.client import ADAPTERS
from integrations.connections.models import Connection
from integrations.directory.models import Contact, SyncState
from integrations.jobs.models import Job
from tests.world import BASE, World

Run = Callable[..., Job]
Change = Callable[[dict[str, Any]], None]
#: Stands in a changed contact for JSON that json.dumps would not write.
ODD = '"@odd@"'


class Tampering(BaseAdapter):
    """Change the sandbox's contacts on their way to the client."""

    def __init__(self, inner: BaseAdapter, change: Change, odd: str) -> None:
        super().__init__()
        self.inner, self.change, self.odd = inner, change, odd

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        answer = self.inner.send(request, *args, **options)
        if "/contacts" in str(request.url) and request.method == "GET" and answer.status_code == 200:
            data = json.loads(answer.content)
            for contact in data.get("items", [data]):
                self.change(contact)
            answer.raw, answer._content, answer._content_consumed = (
                io.BytesIO(json.dumps(data).replace(ODD, self.odd).encode()),
                False,
                False,
            )
            answer.headers.pop("Content-Length", None)
        return answer

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def tamper(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def put(change: Change, odd: str = "null") -> None:
        monkeypatch.setitem(ADAPTERS, f"{BASE}/v1", Tampering(world.sandbox.adapter, change, odd))

    return put


def the_first(change: Change) -> Change:
    """Return a function that always changes the same contact, the first one."""
    met: list[int] = []

    def changed(contact: dict[str, Any]) -> None:
        met.append(contact["id"])
        if contact["id"] == met[0]:
            change(contact)

    return changed


@pytest.mark.parametrize(("levels", "leaf"), [(60, "1"), (480, '"\\u0000"'), (800, "1")])
def test_a_record_that_is_nested_too_deep_is_skipped_and_the_others_are_stored(
    admin: Connection, tamper: Callable[..., None], run_sync: Run, levels: int, leaf: str
) -> None:
    tamper(the_first(lambda contact: contact.update(odd="@odd@")), '{"a": ' * levels + leaf + "}" * levels)
    job = run_sync(admin)
    assert job.state == "done", job.problem
    assert job.failed >= 1
    assert Contact.objects.count() == job.total - 1


def test_a_time_in_the_future_does_not_hide_later_changes(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    tamper: Callable[..., None],
    run_sync: Run,
) -> None:
    tamper(the_first(lambda contact: contact.update(internal_updated_at="9999-01-01 00:00:00")))
    assert run_sync(admin).state == "done"
    sync_state = SyncState.objects.get(connection=admin)
    assert sync_state.seen_until is not None and sync_state.seen_until.year < 9999
    tamper(lambda contact: None)
    world.sandbox.pass_time(3600)
    other = Contact.objects.order_by("-remote_id").first()
    assert other is not None
    over_there.contacts.update(other.remote_id, {"city": "Changedville"})
    assert run_sync(admin).state == "done"
    other.refresh_from_db()
    assert other.city == "Changedville"


@pytest.mark.parametrize("id", [None, "x", 4.5, True, -4, 2**63])
def test_a_contact_without_a_readable_id_counts_as_missing_until_a_pass_reads_it(
    world: World,
    admin: Connection,
    over_there: total_expert.Client,
    tamper: Callable[..., None],
    run_sync: Run,
    id: Any,
) -> None:
    bad = max(contact.id for contact in over_there.contacts.all())
    tamper(lambda contact: contact.update(id=id) if contact["id"] == bad else None)
    assert run_sync(admin).state == "done"
    number = Contact.objects.count()
    tamper(lambda contact: None)
    state = SyncState.objects.get(connection=admin)
    for hours in (1, 25):
        assert (state.difference, state.is_complete) == (1, False)
        world.sandbox.pass_time(hours * 3600)
        run_sync(admin)
        state.refresh_from_db()
    assert (state.difference, state.is_complete) == (0, True)
    assert Contact.objects.count() == number + 1
