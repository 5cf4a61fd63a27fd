"""Surveys, their questions, and what contacts answered."""

import datetime as dt
from dataclasses import dataclass

from .record import Number, Record, TextId
from .references import ContactReference, Reference


@dataclass(frozen=True, repr=False)
class Choice(Record):
    """One of the answers that a choice question allows."""

    value: str
    system_name: str
    sort_order: Number | None


@dataclass(frozen=True, repr=False)
class Question(Record):
    """A question of a survey; `data_type` is decimal, choice or text. Responses name it by `id`."""

    id: TextId
    question_text: str
    system_name: str
    data_type: str
    sort_order: Number | None
    possible_choice_answers: tuple[Choice, ...]


@dataclass(frozen=True, repr=False)
class ContactSurvey(Record):
    """A survey: which questions an integration's answers are to."""

    id: TextId
    survey_name: str
    version: str
    source: str
    external_id: str
    questions: tuple[Question, ...]
    internal_created_at: dt.datetime | None


@dataclass(frozen=True, repr=False)
class QuestionResponse(Record):
    """The answer to one question. `response_value` is text, whatever the question's type."""

    response_value: str
    question: Question | None


@dataclass(frozen=True, repr=False)
class ContactSurveyResponse(Record):
    """What a contact answered. `survey_id` is empty where one response is got by itself."""

    id: TextId
    survey_id: str
    contact: ContactReference | None
    owner: Reference | None
    question_responses: tuple[QuestionResponse, ...]
    internal_created_at: dt.datetime | None

    PLACES = {"survey_id": ("survey", "id")}
