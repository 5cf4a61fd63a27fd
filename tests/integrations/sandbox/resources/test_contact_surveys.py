"""Surveys: the documented requests and their effects."""

import re
from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox

SURVEY: dict[str, Any] = {
    "source": "Kitchen Planner", "survey_name": "New kitchen", "version": "0.9", "questions": [
        {"question_text": "How much may it cost?", "system_name": "budget", "data_type": "decimal", "sort_order": "1"},
        {"question_text": "Any wishes?", "system_name": "wishes", "data_type": "text", "sort_order": "3"},
        {"question_text": "Gas or electricity?", "system_name": "heat", "data_type": "choice", "sort_order": "2",
         "possible_choice_answers": [{"value": "Gas, please", "system_name": "gas"},
                                     {"value": "Electricity", "system_name": "electricity"}]},
    ],
}  # fmt: skip


def create(caller: Caller, **more: Any) -> str:
    answer = caller.create("contact-surveys", **{**SURVEY, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_the_documented_survey_is_created_and_shown_as_documented(admin: Caller) -> None:
    answer = admin.create("contact-surveys", **SURVEY)
    id = answer.json()["id"]
    assert answer.status_code == 201
    assert re.fullmatch(r"[0-9a-f]{16}", id)
    assert answer.json() == {"created": f"sandbox.example/v1/contact-surveys/{id}", "id": id}
    shown = admin.get(f"contact-surveys/{id}")
    assert set(shown) == {"external_id", "id", "internal_created_at", "survey_name", "version", "questions"}
    assert (shown["id"], shown["version"], shown["external_id"]) == (id, "0.9", None)
    by_name = {question.pop("system_name"): question for question in shown["questions"]}
    ids = {question.pop("id") for question in by_name.values()}
    assert len(ids) == 3
    assert all(re.fullmatch(r"[0-9a-f]{16}", id) for id in ids)
    assert by_name == {
        "budget": {"question_text": "How much may it cost?", "data_type": "decimal", "sort_order": "1"},
        "wishes": {"question_text": "Any wishes?", "data_type": "text", "sort_order": "3"},
        "heat": {
            "question_text": "Gas or electricity?",
            "data_type": "choice",
            "sort_order": "2",
            "possible_choice_answers": [
                {"sort_order": "0", "system_name": "electricity", "value": "Electricity"},
                {"sort_order": "0", "system_name": "gas", "value": "Gas, please"},
            ],
        },
    }


def test_an_update_responds_like_a_creation_and_questions_keep_their_ids(admin: Caller) -> None:
    id = create(admin)
    before = {
        question["system_name"]: question for question in admin.get(f"contact-surveys/{id}")["questions"]
    }
    changed = {"question_text": "And the budget?", "system_name": "budget", "data_type": "decimal"}
    added = {"question_text": "When?", "system_name": "when", "data_type": "text"}
    answer = admin.update(f"contact-surveys/{id}", version="1.0", questions=[changed, added])
    assert (answer.status_code, answer.json()["id"]) == (200, id)
    assert answer.json()["created"].endswith(f"/v1/contact-surveys/{id}")
    shown = admin.get(f"contact-surveys/{id}")
    after = {question["system_name"]: question for question in shown["questions"]}
    assert shown["version"] == "1.0"
    assert after["budget"]["id"] == before["budget"]["id"]
    assert after["budget"]["question_text"] == "And the budget?"
    assert after["heat"] == before["heat"]
    assert set(after) == {"budget", "wishes", "heat", "when"}


def test_an_update_needs_a_list_of_questions_which_may_be_empty(admin: Caller) -> None:
    id = create(admin)
    assert admin.update(f"contact-surveys/{id}", version="2").status_code == 422
    assert admin.update(f"contact-surveys/{id}", version="2", questions=[]).status_code == 200
    shown = admin.get(f"contact-surveys/{id}")
    assert (shown["version"], len(shown["questions"])) == ("2", 3)


@pytest.mark.parametrize("missing", ["source", "survey_name", "questions"])
def test_a_survey_without_required_attributes_is_rejected(admin: Caller, missing: str) -> None:
    answer = admin.create("contact-surveys", **{name: SURVEY[name] for name in set(SURVEY) - {missing}})
    assert answer.status_code == 422
    assert missing in answer.json()["error"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"question_text": ""}, "questions.question_text"),
        ({"system_name": None}, "questions.system_name"),
        ({"data_type": None}, "questions.data_type"),
        ({"data_type": "color"}, "data_type"),
        ({"data_type": "choice"}, "questions.possible_choice_answers"),
        ({"data_type": "choice", "possible_choice_answers": [{"value": "x"}]}, "possible_choice_answers.system_name"),
        ({"data_type": "choice", "possible_choice_answers": "x"}, "possible_choice_answers"),
    ],
)  # fmt: skip
def test_an_invalid_question_is_rejected(admin: Caller, change: dict[str, Any], named: str) -> None:
    question = {"question_text": "Why?", "system_name": "why", "data_type": "text", **change}
    answer = admin.create("contact-surveys", **{**SURVEY, "questions": [question]})
    assert answer.status_code == 422
    assert named in answer.json()["error"]


@pytest.mark.parametrize("questions", ["x", ["x"], {"question_text": "x"}, None])
def test_questions_must_be_a_list_of_objects(admin: Caller, questions: Any) -> None:
    assert admin.update(f"contact-surveys/{create(admin)}", questions=questions).status_code == 422


def test_a_system_name_is_unique_in_a_survey_and_never_changes(admin: Caller) -> None:
    question = SURVEY["questions"][0]
    twice = admin.create("contact-surveys", **{**SURVEY, "questions": [question, question]})
    assert twice.status_code == 422
    id = create(admin)
    known = admin.get(f"contact-surveys/{id}")["questions"][0]
    renamed = {**known, "system_name": "another"}
    assert admin.update(f"contact-surveys/{id}", questions=[renamed]).status_code == 422


def test_surveys_are_found_by_name_version_and_time_of_creation(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    sandbox.post_control("clock", {"advance": 60})
    id = create(admin)
    made = admin.get(f"contact-surveys/{id}")["internal_created_at"].replace(" ", "T") + "Z"
    for filter in (
        "survey_name=new kitchen",
        "version=0.9",
        f"internal_created_at_start={made}",
        f"survey_name=New kitchen,internal_created_at_end={made}",
    ):
        assert [item["id"] for item in admin.items("contact-surveys", filter=filter)] == [id]
    assert admin.items("contact-surveys", filter="internal_created_at_end=2001-01-01T00:00:00Z") == []
    assert admin.call("GET", "contact-surveys", params={"filter": "source=x"}).status_code == 422


def test_a_user_can_see_and_create_the_organizations_surveys(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    user = sandbox.user(owner, "leadSurveyInteraction")
    id = create(user)
    assert admin.items("contact-surveys") == user.items("contact-surveys")
    assert admin.get(f"contact-surveys/{id}") == user.get(f"contact-surveys/{id}")


def test_surveys_need_their_own_scope(sandbox: InProcessSandbox, owner: dict[str, Any]) -> None:
    answer = sandbox.user(owner, "leadInteraction").call("GET", "contact-surveys")
    assert answer.status_code == 401
    assert answer.json()["error"] == "insufficient_scope"


def test_a_survey_cannot_be_deleted_and_stays_in_its_organization(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    id = create(admin)
    answer = admin.delete(f"contact-surveys/{id}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PATCH")
    assert sandbox.admin(BLUEWATER).call("GET", f"contact-surveys/{id}").status_code == 404


@pytest.mark.parametrize(
    "id", ["301", "0123456789abcdef", "zz3456789abcdef0", "0123456789abcde", "ffffffffffffffff"]
)
def test_an_invalid_id_is_not_found(admin: Caller, id: str) -> None:
    assert admin.call("GET", f"contact-surveys/{id}").status_code == 404
