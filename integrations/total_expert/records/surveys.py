"""Surveys, their questions, and the responses of contacts."""

import datetime as dt
from dataclasses import dataclass

from .record import Number, Record, TextId
from .references import ContactReference, Reference


@dataclass(frozen=True, repr=False)
class Choice(Record):
    """One of the possible answers to a choice question."""

    value: str
    system_name: str
    sort_order: Number | None


@dataclass(frozen=True, repr=False)
class Question(Record):
    """A question of a survey. `data_type` is decimal, choice or text. Responses refer to it by `id`."""

    id: TextId
    question_text: str
    system_name: str
    data_type: str
    sort_order: Number | None
    possible_choice_answers: tuple[Choice, ...]


@dataclass(frozen=True, repr=False)
class ContactSurvey(Record):
    """A survey and its questions."""

    id: TextId
    survey_name: str
    version: str
    source: str
    external_id: str
    questions: tuple[Question, ...]
    internal_created_at: dt.datetime | None


@dataclass(frozen=True, repr=False)
class QuestionResponse(Record):
    """The response to one question. `response_value` is text for every type of question."""

    response_value: str
    question: Question | None


@dataclass(frozen=True, repr=False)
class ContactSurveyResponse(Record):
    """A contact's responses to a survey. `survey_id` is empty in the result of `get`."""

    id: TextId
    survey_id: str
    contact: ContactReference | None
    owner: Reference | None
    question_responses: tuple[QuestionResponse, ...]
    internal_created_at: dt.datetime | None

    JSON_PATHS = {"survey_id": ("survey", "id")}
