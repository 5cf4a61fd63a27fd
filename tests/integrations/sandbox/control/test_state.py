"""The digest of all records: it changes with their content and with nothing else."""

from typing import Any

from tests.integrations.sandbox.clients import CEDAR, Caller, InProcessSandbox, ada


def contacts(sandbox: InProcessSandbox) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.get_control("state")["organizations"][CEDAR]["contacts"]
    return found


def test_a_digest_changes_and_is_restored_when_the_change_is_undone(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    before = contacts(sandbox)
    item = admin.get("contacts")["items"][0]
    sandbox.post_control("clock", {"advance": 5})
    admin.update(f"contacts/{item['id']}", title="Captain")
    changed = contacts(sandbox)
    assert changed["count"] == before["count"]
    assert changed["digest"] != before["digest"]
    admin.update(f"contacts/{item['id']}", title=item["title"])
    assert contacts(sandbox) == before


def test_groups_owner_and_hidden_values_count_as_content(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    id = admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"]
    seen = {contacts(sandbox)["digest"]}
    changes: list[dict[str, Any]] = [
        {"contact_groups": [{"group_name": "Newsletter"}]},
        {"do_not_contact": 1},
        {"assignee": {"id": owner["id"]}},
        {"owner": {"id": sandbox.officers()[1]["id"]}},
        {"custom": [{"field_name": "custom_string", "value": "x"}]},
    ]
    for change in changes:
        assert admin.update(f"contacts/{id}", **change).status_code == 200
        seen.add(contacts(sandbox)["digest"])
    assert len(seen) == 6


def test_two_sandboxes_with_the_same_changes_have_the_same_digest(sandbox: InProcessSandbox) -> None:
    other = InProcessSandbox()
    other.post_control("clock", {"advance": 1000})
    for each in (sandbox, other):
        each.admin().create("contacts", **ada(owner={"id": each.officers()[0]["id"]}))
    assert sandbox.get_control("state")["organizations"] == other.get_control("state")["organizations"]
    other.admin().delete(f"contacts/{other.admin().get('contacts')['items'][0]['id']}")
    assert contacts(sandbox) != contacts(other)
