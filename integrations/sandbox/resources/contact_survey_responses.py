"""The contact-survey-responses resource: what contacts answered. Responses are never changed."""

from __future__ import annotations

import re
from typing import Any

from ..campaigns import outbox
from ..engine.errors import ApiError, target_not_found
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import ActivityRule, Ownership, Relationship, Resource
from ..engine.storage import records
from .contact_surveys import CONTACT_SURVEYS, HEX_DIGITS
from .rules.contact_references import ASSUMPTIONS, CONTACT

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


class ResponseHooks(ResourceHooks):
    """Checks responses against the questions of the survey, and starts the survey's campaigns."""

    def clean(self, change: Change) -> None:
        """Pair each response with its question."""
        survey = records.load(
            change.connection,
            CONTACT_SURVEYS,
            change.organization.id,
            None,
            change.record.one["survey"] or 0,
        )
        questions = (
            {question["id"]: question for question in survey.attributes["questions"]} if survey else {}
        )
        sent = change.payload["question_responses"]
        if not isinstance(sent, list):
            raise ApiError(422, "Invalid value for attribute: 'question_responses'")
        responses = [_response(entry, questions) for entry in sent]
        if len({response["question"]["id"] for response in responses}) < len(responses):
            raise ApiError(422, "Invalid value for attribute: 'question_responses.question'")
        change.record.attributes["question_responses"] = responses

    def after_save(self, change: Change) -> None:
        """Start the campaigns of the survey."""
        outbox.start_campaigns(
            change, outbox.SURVEYS, [change.record.one["survey"]], change.record.one["contact"]
        )


def _response(entry: Any, questions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    named = entry.get("question") if isinstance(entry, dict) else None
    question = questions.get(str(named.get("id")).lower()) if isinstance(named, dict) else None
    if question is None:
        raise target_not_found("question")
    value = entry.get("response_value")
    if value in (None, ""):
        raise ApiError(422, "Missing required attribute: 'question_responses.response_value'")
    if isinstance(value, (dict, list)) or not _fits(question, str(value)):
        raise ApiError(422, "Invalid value for attribute: 'question_responses.response_value'")
    return {"response_value": str(value), "question": question}


def _fits(question: dict[str, Any], value: str) -> bool:
    if question["data_type"] == "decimal":
        return _DECIMAL.fullmatch(value.strip()) is not None
    if question["data_type"] == "choice":
        return value in {choice["value"] for choice in question["possible_choice_answers"]}
    return True


CONTACT_SURVEY_RESPONSES = Resource(
    path="contact-survey-responses",
    scope="leadSurveyInteraction",
    first_id=7001,
    hex_digits=HEX_DIGITS,
    methods=frozenset({"list", "get", "create"}),
    ownership=Ownership.HIDDEN_FROM_USER,
    time_names=("internal_created_at", ""),
    fields=(),
    relationships=(
        CONTACT,
        Relationship("survey", "contact-surveys", shown_fields=(), key_fields=("id",)),
    ),
    activity=ActivityRule("Survey Response", contact="contact"),
    required=("question_responses", "contact", "survey"),
    assumptions=(
        *ASSUMPTIONS,
        "Questions are shown as they were at the time of the response.",
        "A question of another survey, a question that is answered twice, and a decimal that is not a number return"
        " 422. Not every question needs an answer.",
        "Survey responses have no filters. Any filter returns 422.",
    ),
    webhook_item="CONTACT_SURVEY_RESPONSE",
    hooks=ResponseHooks,
)
