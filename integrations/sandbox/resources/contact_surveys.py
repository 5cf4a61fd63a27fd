"""The contact-surveys resource: surveys that integrations ask outside Total Expert."""

from __future__ import annotations

from typing import Any

from ..engine.errors import ApiError
from ..engine.schema import identifiers
from ..engine.schema.fields import Column, Field
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import Filter, Lookup, Resource
from ..engine.schema.values import read
from ..engine.storage import tables

_QUESTION = (
    Field("data_type", choices=("decimal", "choice", "text")),
    Field("question_text"),
    Field("sort_order", default="0"),
    Field("system_name"),
)
_CHOICE = (Field("sort_order", default="0"), Field("system_name"), Field("value"))
_QUESTION_NEEDS = ("question_text", "system_name", "data_type")
_CHOICES = "possible_choice_answers"
HEX_DIGITS = 16


class SurveyHooks(ResourceHooks):
    """Identifies questions by system name, so that they keep their ids."""

    def clean(self, change: Change) -> None:
        """Merge the questions that were sent into the existing ones."""
        current = {
            question["system_name"]: question for question in change.record.attributes.get("questions", ())
        }
        if "questions" not in change.payload:
            raise ApiError(422, "Missing required attribute: 'questions'")
        seen: set[str] = set()
        for sent in _objects("questions", change.payload["questions"]):
            question = _question(sent, current)
            name = question["system_name"]
            if name in seen:
                raise ApiError(422, "Invalid value for attribute: 'questions.system_name'")
            seen.add(name)
            known = current.get(name)
            question["id"] = known["id"] if known else _new_id(change)
            current[name] = question
        change.record.attributes["questions"] = [current[name] for name in sorted(current)]


def _objects(name: str, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ApiError(422, f"Invalid value for attribute: '{name}'")
    return value


def _require(prefix: str, needed: tuple[str, ...], given: dict[str, Any]) -> None:
    for name in needed:
        if given.get(name) in (None, ""):
            raise ApiError(422, f"Missing required attribute: '{prefix}.{name}'")


def _question(sent: dict[str, Any], current: dict[str, dict[str, Any]]) -> dict[str, Any]:
    by_id = {question["id"]: question for question in current.values()}
    known = by_id.get(str(sent.get("id"))) or current.get(str(sent.get("system_name"))) or {}
    whole = {**known, **sent}
    _require("questions", _QUESTION_NEEDS, whole)
    if known and str(whole["system_name"]) != known["system_name"]:
        raise ApiError(422, "Invalid value for attribute: 'questions.system_name'")
    question = _read(_QUESTION, whole)
    if question["data_type"] == "choice":
        prefix = f"questions.{_CHOICES}"
        if not whole.get(_CHOICES):
            raise ApiError(422, f"Missing required attribute: '{prefix}'")
        choices = _objects(prefix, whole[_CHOICES])
        for choice in choices:
            _require(prefix, ("value", "system_name"), choice)
        question[_CHOICES] = sorted(
            (_read(_CHOICE, choice) for choice in choices), key=lambda choice: str(choice["system_name"])
        )
    return question


def _read(fields: tuple[Field, ...], given: dict[str, Any]) -> dict[str, Any]:
    found = {field.name: read(field, given.get(field.name)) for field in fields}
    return found | {field.name: field.default for field in fields if found[field.name] is None}


def _new_id(change: Change) -> str:
    number = tables.next_number(change.connection, "contact-surveys/questions")
    return question_id(number)


def question_id(number: int) -> str:
    """Return the id of a question, by its number among all questions."""
    return identifiers.scramble("contact-surveys/questions", number, HEX_DIGITS)


CONTACT_SURVEYS = Resource(
    path="contact-surveys",
    scope="leadSurveyInteraction",
    first_id=301,
    hex_digits=HEX_DIGITS,
    methods=frozenset({"list", "get", "create", "update"}),
    time_names=("internal_created_at", ""),
    update_returns_id=True,
    fields=(
        Field("external_id"),
        Field("source", shown=False),
        Field("survey_name", column=Column.PLAIN, indexed=True),
        Field("version", column=Column.PLAIN),
    ),
    required=("source", "survey_name", "questions"),
    filters=(
        Filter("internal_created_at_start", Lookup.GTE, "created"),
        Filter("internal_created_at_end", Lookup.LTE, "created"),
        Filter("survey_name", Lookup.EXACT, "survey_name"),
        Filter("version", Lookup.EXACT, "version"),
    ),
    assumptions=(
        "An update returns 200. Its body is documented, its status is not.",
        "An update keeps the questions that it doesn't send. A question with a known system name is replaced and"
        " keeps its id.",
        "Questions, and their possible answers, are sorted by system name.",
        "`source` is not shown, as in the published example.",
        "A question's system name can't be changed. Using one twice in a survey returns 422.",
        "Admins and users of an organization see and change all of its surveys.",
    ),
    hooks=SurveyHooks,
)
