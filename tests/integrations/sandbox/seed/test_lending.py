"""Seeded loans, accounts and households: consistent with their contacts."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, InProcessSandbox


@pytest.fixture(scope="module")
def sandbox() -> InProcessSandbox:
    """A sandbox of two organizations with 300 contacts each."""
    return InProcessSandbox(contacts=300)


@pytest.mark.parametrize("name", ["Cedar Home Lending", BLUEWATER])
def test_each_organization_has_a_few_of_everything(sandbox: InProcessSandbox, name: str) -> None:
    admin = sandbox.admin(name)
    counts = {
        path: len(admin.items(path))
        for path in ("loans", "accounts", "entities", "scenarios", "email-unsubscribes", "activity", "teams")
    }
    assert counts == {
        "loans": 30,
        "accounts": 15,
        "entities": 15,
        "scenarios": 1,
        "email-unsubscribes": 2,
        "activity": counts["activity"],
        "teams": 2,
    }
    assert counts["activity"] >= 40


@pytest.mark.parametrize(("path", "role"), [("loans", "borrower"), ("accounts", "primary_account_holder")])
def test_participants_are_the_owners_contacts(sandbox: InProcessSandbox, path: str, role: str) -> None:
    admin = sandbox.admin()
    for item in admin.items(path):
        contact = admin.get(f"contacts/{item[role]['id']}")
        assert contact["owner"]["id"] == item["owner"]["id"]


def test_loans_are_classified_and_dated(sandbox: InProcessSandbox) -> None:
    loans = sandbox.admin().items("loans")
    assert len({loan["loan_number"] for loan in loans}) == len(loans)
    for loan in loans:
        assert loan["account_class"] == {"class_name": "mortgage", "class_type": "LOAN"}
        funded: Any = loan["loan_status"]["loan_status"] == "Funded"
        assert funded == (loan["funded_date"] is not None)
        assert not funded or loan["funded_date"] > loan["application_date"]


def test_households_have_members_of_one_owner(sandbox: InProcessSandbox) -> None:
    admin = sandbox.admin()
    for entity in admin.items("entities"):
        assert entity["entity_type"] == {"system_name": "household"}
        (related,) = entity["related_entities"]
        owners = {admin.get(f"contacts/{child['id']}")["owner"]["id"] for child in related["children"]}
        assert owners == {entity["owner"]["id"]}


def test_everyone_but_the_admin_is_in_a_team(sandbox: InProcessSandbox) -> None:
    for user in sandbox.admin().items("users"):
        is_admin = user["role"]["role_name"] == "Organization Admin"
        assert len(user["teams"]) == (0 if is_admin else 1)


def test_a_sandbox_without_contacts_has_no_loans() -> None:
    admin = InProcessSandbox(contacts=0).admin()
    assert admin.items("loans") == admin.items("scenarios") == admin.items("activity") == []
