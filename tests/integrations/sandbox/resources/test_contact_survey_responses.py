"""Survey responses: the documented requests and their effects."""

import re
from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada
from tests.integrations.sandbox.resources.test_contact_surveys import create as create_survey

SCOPES = "leadInteraction leadSurveyInteraction"
GOOD = {"budget": "265000.50", "heat": "Gas, please", "wishes": "A big window"}


@pytest.fixture
def contact(admin: Caller, owner: dict[str, Any]) -> int:
    return int(admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"])


def answered(
    caller: Caller, contact: Any, values: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    survey = create_survey(caller)
    questions = caller.get(f"contact-surveys/{survey}")["questions"]
    ids = {question["system_name"]: question["id"] for question in questions}
    responses = [
        {"question": {"id": ids[name]}, "response_value": value} for name, value in (values or GOOD).items()
    ]
    return {"contact": {"id": contact}, "survey": {"id": survey}, "question_responses": responses, **more}


def test_an_admins_response_is_created_and_shown_as_documented(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    body = answered(admin, contact, owner={"username": owner["username"]})
    answer = admin.create("contact-survey-responses", **body)
    id = answer.json()["id"]
    assert answer.status_code == 201
    assert re.fullmatch(r"[0-9a-f]{16}", id)
    assert answer.json() == {"created": f"sandbox.example/v1/contact-survey-responses/{id}", "id": id}
    shown = admin.get(f"contact-survey-responses/{id}")
    assert set(shown) == {"id", "internal_created_at", "contact", "question_responses", "owner"}
    assert shown["contact"] == {"id": contact}
    assert shown["owner"]["id"] == owner["id"]
    questions = {
        question["id"]: question
        for question in admin.get(f"contact-surveys/{body['survey']['id']}")["questions"]
    }
    assert [
        (response["response_value"], response["question"]) for response in shown["question_responses"]
    ] == [
        (response["response_value"], questions[response["question"]["id"]])
        for response in body["question_responses"]
    ]


def test_a_users_response_needs_no_owner_and_shows_none(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    user = sandbox.user(owner, SCOPES)
    answer = user.create("contact-survey-responses", **answered(user, contact))
    assert answer.status_code == 201
    shown = user.get(f"contact-survey-responses/{answer.json()['id']}")
    assert set(shown) == {"id", "internal_created_at", "contact", "question_responses"}


def test_a_user_sees_the_responses_of_their_own_contacts_only(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    body = answered(admin, contact, owner={"id": owner["id"]})
    id = admin.create("contact-survey-responses", **body).json()["id"]
    colleague = sandbox.user(sandbox.officers()[1], SCOPES)
    assert colleague.call("GET", f"contact-survey-responses/{id}").status_code == 404
    assert id not in {item["id"] for item in colleague.items("contact-survey-responses")}
    assert id in {item["id"] for item in sandbox.user(owner, SCOPES).items("contact-survey-responses")}
    assert id in {item["id"] for item in admin.items("contact-survey-responses")}
    assert sandbox.admin(BLUEWATER).call("GET", f"contact-survey-responses/{id}").status_code == 404


@pytest.mark.parametrize("unknown", [600, "x", None, 0])
def test_an_unknown_contact_is_rejected_as_documented(
    admin: Caller, owner: dict[str, Any], unknown: Any
) -> None:
    answer = admin.create("contact-survey-responses", **answered(admin, unknown, owner={"id": owner["id"]}))
    assert answer.status_code == 422
    assert answer.json() == {"error": "Unable to find target for relationship: 'contact'"}


@pytest.mark.parametrize("name", ["contact", "survey", "owner"])
def test_a_missing_relationship_is_rejected(
    admin: Caller, owner: dict[str, Any], contact: int, name: str
) -> None:
    body = answered(admin, contact, owner={"id": owner["id"]})
    del body[name]
    answer = admin.create("contact-survey-responses", **body)
    assert answer.status_code == 422
    assert answer.json() == {"error": f"Unable to find target for relationship: '{name}'"}


def test_the_owner_must_own_the_contact(sandbox: InProcessSandbox, admin: Caller, contact: int) -> None:
    body = answered(admin, contact, owner={"id": sandbox.officers()[1]["id"]})
    answer = admin.create("contact-survey-responses", **body)
    assert answer.json() == {"error": "Unable to find target for relationship: 'contact'"}


def test_a_contact_can_be_named_by_a_unique_combination(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    user = sandbox.user(owner, SCOPES)
    body = answered(user, contact) | {"contact": ada()}
    id = user.create("contact-survey-responses", **body).json()["id"]
    assert user.get(f"contact-survey-responses/{id}")["contact"] == {"id": contact}


@pytest.mark.parametrize(
    "values",
    [{"heat": "Wood"}, {"heat": "gas"}, {"budget": "a lot"}, {"wishes": ""}, {"wishes": None}, {"wishes": ["x"]}],
)  # fmt: skip
def test_a_value_that_does_not_fit_its_question_is_rejected(
    admin: Caller, owner: dict[str, Any], contact: int, values: dict[str, Any]
) -> None:
    answer = admin.create(
        "contact-survey-responses", **answered(admin, contact, values, owner={"id": owner["id"]})
    )
    assert answer.status_code == 422
    assert "question_responses.response_value" in answer.json()["error"]


@pytest.mark.parametrize("responses", [[], None, "x", [{"response_value": "x"}], ["x"]])
def test_each_answer_must_name_its_question(
    admin: Caller, owner: dict[str, Any], contact: int, responses: Any
) -> None:
    body = answered(admin, contact, owner={"id": owner["id"]}, question_responses=responses)
    assert admin.create("contact-survey-responses", **body).status_code == 422


def test_a_question_of_another_survey_or_answered_twice_is_rejected(
    admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    body = answered(admin, contact, owner={"id": owner["id"]})
    twice = body["question_responses"] * 2
    assert (
        admin.create("contact-survey-responses", **{**body, "question_responses": twice}).status_code == 422
    )
    elsewhere = admin.create("contact-survey-responses", **{**body, "survey": {"id": create_survey(admin)}})
    assert elsewhere.json() == {"error": "Unable to find target for relationship: 'question'"}


def test_a_response_cannot_be_updated_or_deleted(admin: Caller, owner: dict[str, Any], contact: int) -> None:
    body = answered(admin, contact, owner={"id": owner["id"]})
    path = f"contact-survey-responses/{admin.create('contact-survey-responses', **body).json()['id']}"
    before = admin.get(path)
    assert admin.update(path, **body).status_code == 405
    assert admin.delete(path).status_code == 405
    question = {"question_text": "Changed?", "system_name": "budget", "data_type": "decimal"}
    assert admin.update(f"contact-surveys/{body['survey']['id']}", questions=[question]).status_code == 200
    again = admin.create("contact-survey-responses", **body, id=before["id"])
    assert again.json()["id"] != before["id"]
    assert admin.get(path) == before


def test_a_response_stays_when_its_contact_is_deleted(
    admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    body = answered(admin, contact, owner={"id": owner["id"]})
    id = admin.create("contact-survey-responses", **body).json()["id"]
    assert admin.delete(f"contacts/{contact}").status_code == 200
    assert "contact" not in admin.get(f"contact-survey-responses/{id}")


def test_responses_have_no_filters_and_need_the_survey_scope(
    sandbox: InProcessSandbox, owner: dict[str, Any]
) -> None:
    user = sandbox.user(owner, SCOPES)
    rejected = user.call("GET", "contact-survey-responses", params={"filter": "contact_id=1"})
    assert rejected.status_code == 422
    assert sandbox.user(owner).call("GET", "contact-survey-responses").status_code == 401


def test_answering_a_survey_with_a_campaign_sends_its_email_each_time(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    survey = next(item for item in admin.items("contact-surveys") if item["survey_name"] == "Refinance check")
    rate = next(question for question in survey["questions"] if question["system_name"] == "current_rate")
    body = {
        "owner": {"id": owner["id"]},
        "contact": {"id": contact},
        "survey": {"id": survey["id"]},
        "question_responses": [{"question": {"id": rate["id"]}, "response_value": 6.25}],
    }
    for _ in range(2):
        assert admin.create("contact-survey-responses", **body).status_code == 201
    assert admin.create("contact-survey-responses", **answered(admin, contact, owner=body["owner"])).ok
    mails = sandbox.get_control("outbox")
    assert [(mail["contact"], mail["to"], mail["campaign"]) for mail in mails] == [
        (contact, "ada.birch@mail.example", "Refinance check")
    ] * 2
