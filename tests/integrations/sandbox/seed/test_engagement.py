"""Seeded surveys, notes, insights and campaigns: plausible, and consistent with what clients could write."""

import re
from collections import Counter
from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox


@pytest.fixture(scope="module")
def sandbox() -> InProcessSandbox:
    """A sandbox of two organizations with 300 contacts each."""
    return InProcessSandbox(contacts=300)


@pytest.fixture(scope="module")
def caller(sandbox: InProcessSandbox) -> Caller:
    return sandbox.admin()


@pytest.fixture(scope="module")
def contacts(caller: Caller) -> dict[int, dict[str, Any]]:
    return {item["id"]: item for item in caller.items("contacts")}


def test_every_organization_has_its_own_definitions(sandbox: InProcessSandbox, caller: Caller) -> None:
    for path, least in (
        ("contact-surveys", 2),
        ("insight-types", 3),
        ("campaigns", 3),
        ("contact-recruits", 3),
    ):
        ours, theirs = caller.items(path), sandbox.admin(BLUEWATER).items(path)
        assert len(ours) >= least
        assert len(theirs) >= least
        assert {item["id"] for item in ours}.isdisjoint(item["id"] for item in theirs)


@pytest.mark.parametrize(
    ("path", "least"),
    [("contact-notes", 100), ("contact-survey-responses", 40), ("insights", 50), ("campaign-activity", 25)],
)
def test_records_belong_to_the_contacts_owner_and_are_younger_than_the_contact(
    caller: Caller, contacts: dict[int, dict[str, Any]], path: str, least: int
) -> None:
    items = caller.items(path)
    assert len(items) >= least
    for item in items:
        contact = contacts[item["contact"]["id"]]
        assert item["owner"] == contact["owner"]
        made = item.get("internal_created_at") or item.get("internal_updated_at")
        assert made is None or made[:16] >= contact["internal_created_at"][:16]


def test_survey_answers_fit_their_questions(caller: Caller) -> None:
    questions = {
        question["id"]: question
        for survey in caller.items("contact-surveys")
        for question in survey["questions"]
    }
    assert {question["data_type"] for question in questions.values()} == {"decimal", "choice", "text"}
    kinds: Counter[str] = Counter()
    for response in caller.items("contact-survey-responses"):
        for answer in response["question_responses"]:
            question = answer["question"]
            assert question == questions[question["id"]]
            kinds[question["data_type"]] += 1
            if question["data_type"] == "choice":
                allowed = {choice["value"] for choice in question["possible_choice_answers"]}
                assert answer["response_value"] in allowed
            if question["data_type"] == "decimal":
                assert re.fullmatch(r"[\d.]+", answer["response_value"])
    assert min(kinds.values()) > 5


def test_one_survey_and_one_insight_type_start_campaigns(caller: Caller, sandbox: InProcessSandbox) -> None:
    with sandbox.app.sandbox.database.read() as connection:
        (campaigns,) = connection.execute("SELECT campaigns FROM organizations WHERE id = 1").fetchone()
    for path, name in (
        ("contact-surveys", "survey_name"),
        ("insight-types", "type"),
        ("contact-groups", "group_name"),
    ):
        starting = [f'"{item[name]}"' in campaigns for item in caller.items(path)]
        assert any(starting)
        assert not all(starting)


def test_some_contacts_have_a_channel_an_access_type_and_an_external_status(
    contacts: dict[int, dict[str, Any]],
) -> None:
    for name in ("channels", "wlp_access", "external_status"):
        shown = [item[name] for item in contacts.values() if name in item]
        assert len(contacts) / 12 < len(shown) < len(contacts) / 4
        assert len({str(value) for value in shown}) >= 3


def test_seeding_sends_no_emails(sandbox: InProcessSandbox) -> None:
    assert sandbox.get_control("outbox") == []


def test_ids_ascend_with_time(sandbox: InProcessSandbox) -> None:
    with sandbox.app.sandbox.database.read() as connection:
        for table in ("contact_notes", "contact_survey_responses", "insights", "campaign_activity"):
            rows = connection.execute(
                f"SELECT created FROM {table} WHERE organization = 1 ORDER BY id"
            ).fetchall()
            assert rows == sorted(rows)


def test_two_sandboxes_with_the_same_seed_differ_only_in_times(sandbox: InProcessSandbox) -> None:
    other = InProcessSandbox(contacts=300)
    for path in (
        "contact-notes",
        "contact-survey-responses",
        "insights",
        "campaign-activity",
        "contact-recruits",
    ):
        times = {"internal_created_at", "internal_updated_at"}
        ours, theirs = (
            [{name: value for name, value in item.items() if name not in times} for item in each.items(path)]
            for each in (sandbox.admin(), other.admin())
        )
        assert ours == theirs
