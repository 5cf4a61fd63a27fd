"""The digest of a world: it changes with content and with nothing else."""

from typing import Any

from tests.integrations.sandbox.clients import CEDAR, Caller, House, ada


def contacts(house: House) -> dict[str, Any]:
    found: dict[str, Any] = house.control("state")["organizations"][CEDAR]["contacts"]
    return found


def test_a_digest_changes_with_a_change_and_comes_back_when_it_is_undone(house: House, admin: Caller) -> None:
    before = contacts(house)
    item = admin.get("contacts")["items"][0]
    house.steer("clock", {"advance": 5})
    admin.update(f"contacts/{item['id']}", title="Captain")
    changed = contacts(house)
    assert changed["count"] == before["count"]
    assert changed["digest"] != before["digest"]
    admin.update(f"contacts/{item['id']}", title=item["title"])
    assert contacts(house) == before


def test_groups_owner_and_hidden_values_are_content(
    house: House, admin: Caller, owner: dict[str, Any]
) -> None:
    id = admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"]
    seen = {contacts(house)["digest"]}
    changes: list[dict[str, Any]] = [
        {"contact_groups": [{"group_name": "Newsletter"}]},
        {"do_not_contact": 1},
        {"assignee": {"id": owner["id"]}},
        {"owner": {"id": house.officers()[1]["id"]}},
        {"custom": [{"field_name": "custom_string", "value": "x"}]},
    ]
    for change in changes:
        assert admin.update(f"contacts/{id}", **change).status_code == 200
        seen.add(contacts(house)["digest"])
    assert len(seen) == 6


def test_two_worlds_with_the_same_changes_have_the_same_digest(house: House) -> None:
    other = House()
    other.steer("clock", {"advance": 1000})
    for world in (house, other):
        world.admin().create("contacts", **ada(owner={"id": world.officers()[0]["id"]}))
    assert house.control("state")["organizations"] == other.control("state")["organizations"]
    other.admin().delete(f"contacts/{other.admin().get('contacts')['items'][0]['id']}")
    assert contacts(house) != contacts(other)
