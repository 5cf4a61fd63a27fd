"""The seed data: plausible, varied, and the same for the same seed."""

import re
from collections import Counter, defaultdict
from typing import Any

import pytest

from integrations.sandbox.seed.build import organization_name
from tests.integrations.sandbox.clients import BLUEWATER, InProcessSandbox


@pytest.fixture(scope="module")
def sandbox() -> InProcessSandbox:
    """A sandbox of two organizations with 600 contacts each."""
    return InProcessSandbox(contacts=600)


@pytest.fixture(scope="module")
def contacts(sandbox: InProcessSandbox) -> list[dict[str, Any]]:
    """The first organization's contacts."""
    return sandbox.admin().items("contacts")


def test_the_same_seed_gives_the_same_data_and_another_seed_other_data(sandbox: InProcessSandbox) -> None:
    assert (
        InProcessSandbox(contacts=600).get_control("state")["organizations"]
        == sandbox.get_control("state")["organizations"]
    )
    other = InProcessSandbox(contacts=600, seed=2)
    assert other.get_control("state")["organizations"] != sandbox.get_control("state")["organizations"]
    assert other.organization()["client_secret"] != sandbox.organization()["client_secret"]


def test_organizations_have_fixed_names() -> None:
    names = [organization_name(position) for position in range(1000)]
    assert names[:8] == [
        "Cedar Home Lending", "Bluewater Mortgage", "Summit Ridge Financial", "Harbor & Pine Lending",
        "Lakeshore Lending", "Prairie Loans", "Hilltop Lending", "Amber Field Home Loans",
    ]  # fmt: skip
    assert len(set(names)) == 1000


def test_many_organizations_can_be_seeded() -> None:
    sandbox = InProcessSandbox(organizations=30, contacts=3)
    assert len(sandbox.credentials["organizations"]) == 30
    assert len({row["client_id"] for row in sandbox.credentials["organizations"]}) == 30


def test_each_organization_has_twelve_users_with_an_admin_and_an_inactive_one(
    sandbox: InProcessSandbox,
) -> None:
    for row in sandbox.credentials["organizations"]:
        assert len(row["users"]) == 12
        assert sum(user["admin"] for user in row["users"]) == 1
        assert sum(not user["active"] for user in row["users"]) == 1
        assert any(user["external_id"] is None for user in row["users"])


def test_contacts_are_spread_unevenly_over_owners(contacts: list[dict[str, Any]]) -> None:
    owners = Counter(item["owner"]["id"] for item in contacts)
    assert len(owners) == 11
    assert max(owners.values()) > 3 * min(owners.values())


def test_some_people_have_two_owners_and_some_are_near_duplicates(
    contacts: list[dict[str, Any]],
) -> None:
    owners = defaultdict(set)
    for item in contacts:
        if item["email"]:
            owners[item["first_name"], item["last_name"], item["email"]].add(item["owner"]["id"])
    assert sum(len(found) > 1 for found in owners.values()) >= 10
    initials = [item for item in contacts if re.fullmatch(r"\w\.", item["first_name"])]
    assert initials


def test_there_are_non_ascii_names_empty_fields_and_archived_contacts(
    sandbox: InProcessSandbox, contacts: list[dict[str, Any]]
) -> None:
    assert any(not item["last_name"].isascii() for item in contacts)
    for name in ("email", "phone_cell", "address", "birthday"):
        empty = sum(item[name] is None for item in contacts)
        assert 0 < empty < len(contacts)
    assert sandbox.admin().items("contacts", filter="archieved=1")


def test_times_of_change_are_spread_over_two_years(contacts: list[dict[str, Any]]) -> None:
    months = {item["internal_updated_at"][:7] for item in contacts}
    assert len(months) >= 20
    assert all(item["internal_created_at"] <= item["internal_updated_at"] for item in contacts)


def test_ids_ascend_with_the_time_of_creation_across_organizations(
    sandbox: InProcessSandbox, contacts: list[dict[str, Any]]
) -> None:
    everyone = sorted(contacts + sandbox.admin(BLUEWATER).items("contacts"), key=lambda item: item["id"])
    created = [item["internal_created_at"] for item in everyone]
    assert created == sorted(created)
    assert len({item["id"] for item in everyone}) == 1200


def test_owners_have_the_same_group_names(sandbox: InProcessSandbox) -> None:
    names = Counter(item["group_name"] for item in sandbox.admin().items("contact-groups"))
    assert min(names.values()) == 11


def test_one_organization_requires_groups_and_some_contacts_lack_them(
    sandbox: InProcessSandbox,
) -> None:
    assert sandbox.organization()["required_groups"] == []
    required = set(sandbox.organization(BLUEWATER)["required_groups"])
    caller = sandbox.admin(BLUEWATER)
    owned = Counter(row["group_name"] for row in caller.items("contact-groups"))
    assert all(owned[name] == 11 for name in required)
    lacking = [
        item
        for item in caller.items("contacts")
        if not required <= {group["group_name"] for group in item["contact_groups"]}
    ]
    assert 30 < len(lacking) < 200


def test_no_email_address_or_phone_number_can_be_real(
    sandbox: InProcessSandbox, contacts: list[dict[str, Any]]
) -> None:
    addresses = [item["email"] for item in contacts if item["email"]]
    addresses += [user["email"] for row in sandbox.credentials["organizations"] for user in row["users"]]
    assert all(re.search(r"@([a-z-]+\.)*(example|example\.com)$", address) for address in addresses)
    for item in contacts:
        for name in ("phone_cell", "phone_home", "phone_office"):
            digits = re.sub(r"\D", "", item[name] or "")[-10:]
            assert not digits or digits[3:8] == "55501"


def test_no_two_contacts_are_duplicates(sandbox: InProcessSandbox, contacts: list[dict[str, Any]]) -> None:
    with sandbox.app.sandbox.database.read() as connection:
        shared = connection.execute(
            "SELECT count(*) FROM (SELECT key FROM contacts__keys GROUP BY key HAVING count(*) > 1)"
        ).fetchone()[0]
    assert shared == 0
