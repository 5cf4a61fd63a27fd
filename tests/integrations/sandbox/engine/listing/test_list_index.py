"""The in-memory list index: it always agrees with the file."""

import random
import sqlite3
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from integrations.sandbox.engine.listing import filter_cache as conditions_of_lists
from integrations.sandbox.engine.listing.list_index import ListIndex
from integrations.sandbox.engine.storage import change_log
from integrations.sandbox.resources import RESOURCES
from tests.integrations.sandbox.clients import BLUEWATER, CEDAR, Caller, InProcessSandbox, ada

ORDERS = {
    "": "id",
    "-id": "id DESC",
    "internal_updated_at": "updated, id",
    "-internal_updated_at": "updated DESC, id DESC",
}


def ids_in_file(
    sandbox: InProcessSandbox, organization: int, owner: int | None, condition: str, order: str
) -> list[int]:
    """Return what SQL finds."""
    mine = "" if owner is None else f" AND owner = {owner}"
    query = f"SELECT id FROM contacts c WHERE organization = {organization}{mine} AND {condition} ORDER BY {order}"
    with sandbox.app.sandbox.database.read() as connection:
        return [row[0] for row in connection.execute(query)]


def walked(caller: Caller, found: str, order: str, size: int) -> list[int]:
    """Return the ids on all pages of a list."""
    ids: list[int] = []
    number: int | None = 1
    while number is not None:
        given = {"page[number]": number, "page[size]": size, "filter": found, "sort": order}
        page = caller.get("contacts", **given)
        ids += [item["id"] for item in page["items"]]
        number = page["links"]["next"]
    return ids


def conditions(sandbox: InProcessSandbox, owner: int) -> dict[str, str]:
    """Return filters with their SQL."""
    with sandbox.app.sandbox.database.read() as connection:
        (middle,) = connection.execute(
            "SELECT updated FROM contacts WHERE organization = 1 ORDER BY updated LIMIT 1 OFFSET 60"
        ).fetchone()
        (group,) = connection.execute(
            "SELECT id FROM contact_groups WHERE owner = ? LIMIT 1", (owner,)
        ).fetchone()
    iso = middle.replace(" ", "T") + "Z"
    groups = "SELECT id FROM contact_groups WHERE organization = 1 AND a_group_name = 'Newsletter'"
    links = "SELECT 1 FROM contacts__contact_groups l WHERE l.record = c.id AND l.target"
    return {
        "": "1",
        f"owner_id={owner}": f"owner = {owner}",
        "owner_id=1": "0",
        "archieved=true": "archived = 1",
        "archieved=false": "archived = 0",
        f"group_id={group}": f"EXISTS ({links} = {group})",
        "group_name=newsletter": f"EXISTS ({links} IN ({groups}))",
        "group_name=Nobody": "0",
        f"internal_updated_at_start={iso}": f"updated >= '{middle}'",
        f"internal_updated_at_end={iso}": f"updated <= '{middle}'",
        f"internal_updated_at_start={iso},internal_updated_at_end={iso}": f"updated = '{middle}'",
        "last_name_contains=son": "a_last_name LIKE '%son%'",
        "source=Website": "a_source = 'Website'",
        f"source=Website,archieved=false,group_id={group}": (
            f"a_source = 'Website' AND archived = 0 AND EXISTS ({links} = {group})"
        ),
    }


def compare(sandbox: InProcessSandbox, admin: Caller, user: Caller, owner: int) -> None:
    for found, condition in conditions(sandbox, owner).items():
        for order, sql in ORDERS.items():
            for caller, whose in ((admin, None), (user, owner)):
                expected = ids_in_file(sandbox, 1, whose, condition, sql)
                assert walked(caller, found, order, 7 if whose else 40) == expected, (found, order, whose)


def change_at_random(sandbox: InProcessSandbox, admin: Caller, rng: random.Random) -> None:
    """Create, update, reassign, regroup, archive and delete a few contacts."""
    officers = sandbox.officers()
    for _ in range(25):
        ids = [item["id"] for item in admin.get("contacts", **{"page[size]": 100})["items"]]
        path = f"contacts/{rng.choice(ids)}"
        kind = rng.randrange(5)
        if kind == 0:
            body = ada(owner={"id": rng.choice(officers)["id"]}, email=f"{rng.random()}@mail.example")
            assert (
                admin.create("contacts", **body, contact_groups=[{"group_name": "Newsletter"}]).status_code
                == 201
            )
        elif kind == 1:
            admin.delete(path)
        elif kind == 2:
            admin.update(path, owner={"id": rng.choice(officers)["id"]})
        elif kind == 3:
            admin.update(path, remove_contact_groups=[{"group_name": "Newsletter"}])
            admin.update(path, contact_groups=[{"group_name": "Newsletter"}], source="Website")
        else:
            sandbox.post_control("clock", {"advance": rng.choice((0, 1, 3))})
            admin.update(path, last_name=rng.choice(("Anderson", "Lee")))


@pytest.mark.parametrize("place", ["memory", "file"])
def test_pages_agree_with_the_file_before_and_after_changes(place: str, tmp_path: Path) -> None:
    sandbox = InProcessSandbox(
        ":memory:" if place == "memory" else str(tmp_path / "sandbox.db"), contacts=120
    )
    owner = sandbox.officers()[0]
    admin, user = sandbox.admin(), sandbox.user(owner)
    rng = random.Random(7)
    compare(sandbox, admin, user, owner["id"])
    for _ in range(2):
        change_at_random(sandbox, admin, rng)
        compare(sandbox, admin, user, owner["id"])
    other = ids_in_file(sandbox, 2, None, "1", "id")
    assert walked(sandbox.admin(BLUEWATER), "", "", 50) == other


def test_common_values_are_cached_in_advance_and_kept_up_to_date() -> None:
    with mock.patch.object(conditions_of_lists, "_COMMON", 20):
        sandbox = InProcessSandbox(contacts=120)
        owner = sandbox.officers()[0]
        admin, user = sandbox.admin(), sandbox.user(owner)
        shared = sandbox.app.sandbox.list_indexes["contacts"]._filter_cache._common
        assert any(key[1] == "a_source = ?" for key in shared)
        known = set(shared)
        change_at_random(sandbox, admin, random.Random(8))
        compare(sandbox, admin, user, owner["id"])
        assert set(shared) == known
        assert walked(admin, "source=WEBSITE", "", 50) == walked(admin, "source=Website", "", 50)


@pytest.mark.parametrize("different", [0, 50_000])
def test_common_fragments_are_found_with_and_without_text_columns(
    different: int,
) -> None:
    with (
        mock.patch.object(conditions_of_lists, "_MAX_VALUES", 0),
        mock.patch.object(conditions_of_lists, "_MANY_VALUES", different),
    ):
        sandbox = InProcessSandbox(contacts=120)
        owner = sandbox.officers()[0]
        admin, user = sandbox.admin(), sandbox.user(owner)
        compare(sandbox, admin, user, owner["id"])
        change_at_random(sandbox, admin, random.Random(9))
        sandbox.app.sandbox.list_indexes["contacts"].clear_filter_cache()
        compare(sandbox, admin, user, owner["id"])


def test_a_deleted_group_has_no_members(sandbox: InProcessSandbox, admin: Caller) -> None:
    group = admin.get("contact-groups")["items"][0]["id"]
    assert admin.items("contacts", filter=f"group_id={group}")
    admin.delete(f"contact-groups/{group}")
    assert admin.items("contacts", filter=f"group_id={group}") == []


def test_a_rolled_back_write_is_not_seen(sandbox: InProcessSandbox, admin: Caller) -> None:
    before = [item["id"] for item in admin.items("contacts")]
    with pytest.raises(sqlite3.IntegrityError), sandbox.app.sandbox.database.write() as connection:
        connection.execute("DELETE FROM contacts")
        connection.execute("INSERT INTO meta VALUES ('seed', '{}')")
    assert [item["id"] for item in admin.items("contacts", sort="id")] == before


def test_more_changes_than_the_log_keeps_cause_a_reload(sandbox: InProcessSandbox, admin: Caller) -> None:
    list_index = sandbox.app.sandbox.list_indexes["contacts"]
    with (
        mock.patch.object(change_log, "MAX_ENTRIES", 1),
        mock.patch.object(list_index, "_load", wraps=list_index._load) as load,
    ):
        ids = [item["id"] for item in admin.items("contacts")]
        for id in ids[:2]:
            admin.update(f"contacts/{id}", contact_groups=[{"group_name": "Newsletter"}])
        assert admin.get("contacts", sort="-internal_updated_at")["items"][0]["id"] == ids[1]
    assert load.called


def test_many_changes_at_once_cause_a_reload(sandbox: InProcessSandbox, admin: Caller) -> None:
    list_index = sandbox.app.sandbox.list_indexes["contacts"]
    group = admin.get("contact-groups")["items"][0]["id"]
    with (
        mock.patch("integrations.sandbox.engine.listing.list_index._MAX_CHANGED", 0),
        mock.patch.object(list_index, "_load", wraps=list_index._load) as load,
    ):
        admin.delete(f"contact-groups/{group}")
        assert admin.items("contacts", filter=f"group_id={group}") == []
    assert load.called


def test_a_reader_of_replaced_data_does_not_update_the_index(tmp_path: Path) -> None:
    sandbox = InProcessSandbox(str(tmp_path / "sandbox.db"))
    admin = sandbox.admin()
    for item in admin.items("contacts")[:5]:
        admin.update(f"contacts/{item['id']}", title="Captain")
    state = sandbox.app.sandbox
    with state.database.read() as connection:
        connection.execute("SELECT 1 FROM meta").fetchone()
        sandbox.post_control("reset")
        expected = ids_in_file(sandbox, 1, None, "1", "updated, id")
        state.list_indexes["contacts"].update(connection)
    assert walked(sandbox.admin(CEDAR), "", "internal_updated_at", 40) == expected


def test_an_empty_index_has_empty_pages() -> None:
    admin = InProcessSandbox(contacts=0).admin()
    for order in ORDERS:
        assert admin.get("contacts", sort=order)["items"] == []
    assert ListIndex(RESOURCES["contacts"]).resource.has_list_index


def test_contacts_can_be_created_in_an_empty_sandbox() -> None:
    sandbox = InProcessSandbox(contacts=0)
    admin = sandbox.admin()
    owner = sandbox.officers()[0]
    bodies: list[dict[str, Any]] = [
        ada(owner={"id": owner["id"]}, email=f"{n}@mail.example") for n in range(3)
    ]
    ids = [admin.create("contacts", **body).json()["id"] for body in bodies]
    for order in ("", "internal_updated_at"):
        assert [item["id"] for item in admin.items("contacts", sort=order)] == ids
