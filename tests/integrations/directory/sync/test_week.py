"""A vendor that answers every oddity at random: the synced copy ends equal to what it shows when well, and exactly the
notices that were due were recorded.
"""

import contextlib
import random
from typing import Any

import pytest

from integrations import total_expert
from integrations.connections.models import Connection, NoticeKind
from integrations.directory.models import UnreadContact, UnreadPage
from integrations.directory.sync import reader
from integrations.total_expert import calls
from tests.integrations.directory.sync.days import Days, assert_equal, notices
from tests.world import CEDAR, World

STEP = 3
#: An oddity of this many hours is over before anybody must be told.
SHORT = (3, 12)
#: After this many hours somebody must have been told: a pass every 6 hours, the promised 24, and a step of the clock.
LONG = (40, 48)
CONTACTS = "/v1/contacts$"
DEEP: Any = 1
for _ in range(60):
    DEEP = {"a": DEEP}


def oddity(chance: random.Random, ids: list[int]) -> dict[str, Any]:
    """Return a fault at random."""
    id, other = chance.sample(ids, 2)
    by_id = f"/v1/contacts/{id}$"
    time = chance.choice(["2024-01-01 00:00:00", "3000-01-01 00:00:00", None, "", "0000-00-00 00:00:00"])
    anything = {
        "path": f"/v1/{chance.choice(['contacts$', 'contact-groups$', 'users$', 'con'])}",
        "rate": 0.3,
    }
    return chance.choice(
        [
            {"path": by_id, "status": chance.choice([302, 400, 403, 404, 409, 410, 500, 502])},
            {"path": by_id, "change": {"id": other}},
            {"path": CONTACTS, "shows": id, "body": chance.choice(["html", "truncated", "empty"])},
            {"path": CONTACTS, "shows": id, "status": chance.choice([500, 502, 404, 302])},
            {
                "path": "/v1/contacts",
                "shows": id,
                "change": {"contact_groups": chance.choice([[5], "x", [{}], 7])},
            },
            {"path": "/v1/contacts", "shows": id, "change": {"ok_to_call": 0, "internal_updated_at": time}},
            {"path": "/v1/contacts", "shows": id, "change": {"custom": DEEP}},
            {"path": CONTACTS, "shows": id, "change": {"id": None}},
            {"path": "/v1/con", "links": {"last": chance.choice([99999999999, 0, -1, 2**70])}},
            {"path": CONTACTS, "links": {"next": 2}},
            {"path": "/v1/con", "ignore": ["page[number]"]},
            {"path": CONTACTS, "ignore": ["filter"]},
            {"path": CONTACTS, "ignore": ["sort"]},
            {**anything, "status": chance.choice([302, 404, 500, 502])},
            {**anything, "body": chance.choice(["html", "truncated", "empty"])},
            {**anything, "drop": "after"},
        ]
    )


def change_something(chance: random.Random, client: total_expert.Client, owner: dict[str, Any]) -> None:
    """Change something in Total Expert, as people there do."""
    ids = [contact.id for contact in client.contacts.all()]
    groups = [group.id for group in client.contact_groups.all()]
    number = chance.randrange(10**9)
    for _ in range(chance.randrange(3)):
        client.contacts.update(
            chance.choice(ids), {"city": f"City {number}", "ok_to_email": chance.randrange(2)}
        )
    what = chance.randrange(6)
    if what == 0:
        new = {
            "first_name": "New",
            "last_name": f"N{number}",
            "source": "Web",
            "email": f"n{number}@mail.example",
        }
        client.contacts.create(new, owner=owner)
    elif what == 1 and len(ids) > 20:
        with contextlib.suppress(total_expert.Rejected):  # some are shared, or used in loans
            client.contacts.delete(chance.choice(ids))
    elif what == 2:
        client.contact_groups.create({"group_name": f"Group {number}"}, owner=owner)
    elif what == 3 and len(groups) > 4:
        client.contact_groups.delete(chance.choice(groups))


def live_through(
    world: World, admin: Connection, client: total_expert.Client, *, seed: int, hours: int
) -> None:
    """Let the vendor be odd for some hours and compare what the portal has with what it should have."""
    chance = random.Random(seed)
    owner = {"id": world.sandbox.officers(CEDAR)[0]["id"]}
    days, ends, due, long_until = Days(world), dict[str, float](), list[str](), 0.0
    days.work()
    while days.hours < hours:
        days.set_faults(**{name: None for name, end in ends.items() if end <= days.hours})
        ends = {name: end for name, end in ends.items() if end > days.hours}
        hidden, days.faults = days.faults, {}
        days.set_faults()
        ids = [contact.id for contact in client.contacts.all()]
        change_something(chance, client, owner)
        days.set_faults(**hidden)
        if chance.random() < 0.5:
            name = f"odd{days.hours}"
            days.set_faults(**{name: oddity(chance, ids)})
            ends[name] = days.hours + chance.randrange(*SHORT)
        is_last_chance = not due and days.hours >= 6
        if (
            days.hours > long_until
            and days.hours + LONG[1] < hours
            and (is_last_chance or chance.random() < 0.05)
        ):
            fault = chance.choice([{"path": "/v1/con", "status": 500}, {"path": CONTACTS, "body": "html"}])
            days.set_faults(long=fault)
            ends["long"] = days.hours + chance.randrange(*LONG)
            long_until = ends["long"] + 36
            due += [NoticeKind.OUT_OF_DATE.value, NoticeKind.RECOVERED.value]
        days.pass_hours(STEP, step=STEP)
    days.faults = {}
    days.set_faults()
    days.pass_hours(24, step=6)
    days.sync_all(admin)
    days.pass_hours(24, step=6)
    assert_equal(client)
    assert notices(admin) == due, f"seed {seed}"
    assert not UnreadPage.objects.exists()
    assert not UnreadContact.objects.exists()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "FIRST_PAUSE", 0)
    monkeypatch.setattr(reader, "SIZE", 10)


def test_three_odd_days(world: World, admin: Connection, over_there: total_expert.Client) -> None:
    live_through(world, admin, over_there, seed=1, hours=66)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_an_odd_week(world: World, admin: Connection, over_there: total_expert.Client, seed: int) -> None:
    live_through(world, admin, over_there, seed=seed, hours=168)
