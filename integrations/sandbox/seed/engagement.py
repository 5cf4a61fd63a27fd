"""Surveys, survey responses, notes, insights, campaigns and recruits of a new sandbox."""

from __future__ import annotations

import datetime as dt
import json
import random
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..campaigns.outbox import GROUPS, INSIGHTS, SURVEYS
from ..engine.schema import values
from ..engine.schema.record import Record
from ..engine.storage.records import insert_many
from ..engine.storage.tables import next_id, next_number
from ..resources import RESOURCES
from ..resources.contact_surveys import question_id
from . import fake_data
from .contacts import SPAN, Seed

CAMPAIGNS = {
    GROUPS: {
        "Active Lead": "Let's find the right loan for you",
        "Pre-Approved": "You are pre-approved: what happens next",
        "Newsletter": "Welcome to our monthly market letter",
    },
    SURVEYS: {"Refinance check": "Thank you: here is what a refinance could mean for you"},
    INSIGHTS: {"Partner Portal: Calculator used": "Questions about the numbers? Let's talk"},
}
_SURVEYS: tuple[tuple[str, str, tuple[tuple[str, str, tuple[str, ...]], ...]], ...] = (
    (
        "Refinance check",
        "2.0",
        (
            ("current_rate", "What is your current interest rate?", ()),
            (
                "goal",
                "What is your goal?",
                ("Lower payments", "A shorter term", "Cash for a project"),
            ),
            ("remarks", "Is there anything else we should know?", ()),
        ),
    ),
    (
        "Moving plans",
        "1.1",
        (
            ("budget", "What is your budget for the new home?", ()),
            ("when", "When would you like to move?", ("Within three months", "This year", "Someday")),
        ),
    ),
)
_DECIMALS = {"current_rate": ("6.125", "6.5", "7", "5.875"), "budget": ("240000", "315000", "410000.50")}
_REMARKS = ("Please call in the evening.", "We already found a house.", "No rush, we're just looking.")
_INSIGHT_TYPES = (
    ("Partner Portal: Calculator used", "The contact used a mortgage calculator", 30),
    ("Partner Portal: Document viewed", "The contact opened a document", 14),
    ("Partner Portal: Rate alert reached", "A rate that the contact is waiting for was reached", 7),
)
_LISTS: dict[str, tuple[dict[str, Any], ...]] = {
    "channels": tuple({"system_name": name} for name in ("branch", "online", "broker")),
    "wlp-access-types": tuple({"access_type": name} for name in ("full", "read_only", "none")),
    "contact-recruit-statuses": tuple(
        {"status_name": name} for name in ("Interested", "Talking", "Offer made", "Hired", "Not now")
    ),
    "contact-recruit-metrics": tuple(
        {"metric_name": name, "metric_type": kind}
        for name, kind in (
            ("Past clients", "business_source"),
            ("Agents", "business_source"),
            ("Yearly volume", "sales_production"),
            ("Loan origination", "system_experience"),
            ("Fixed rate", "product"),
            ("Adjustable rate", "product"),
        )
    ),
    "contact-recruit-metric-units": tuple(
        {"unit_name": name} for name in ("percent", "dollars", "loans", "years")
    ),
    "campaigns": tuple(
        {"name": name, "start_date": start, "end_date": end, "archived": end is not None}
        for name, start, end in (
            ("Spring open houses", "2025-03-01 00:00:00", "2025-06-01 00:00:00"),
            ("Rate watch", "2025-09-15 00:00:00", None),
            ("Annual review", "2026-01-05 00:00:00", None),
        )
    ),
}
_RECRUITS = 4
_NOTES = (
    ("First call", "Wants to know what a fifteen-year loan would cost.", 7),
    ("Documents", "Promised to send pay stubs by Friday.", 1),
    ("Follow up", "Ask again after the summer.", 2),
    ("Referral", "Heard about us from a neighbor.", 1),
    ("Prequalified", "Prequalified; the letter went out by mail.", 5),
)
_MAX_RECORDS = 1500
_FIRST_DAY = dt.datetime(2025, 9, 1)  # content must not depend on when the sandbox is created


def make_definitions(connection: sqlite3.Connection, organization: int, timestamp: str) -> None:
    """Create what an organization has before its contacts: surveys, insight types and lists."""
    _make_surveys(connection, organization, timestamp)
    types = [
        {"description": description, "expiration_interval": days * 86_400, "type": name}
        for name, description, days in _INSIGHT_TYPES
    ]
    _define(connection, "insight-types", organization, types, timestamp)
    for path, given in _LISTS.items():
        _define(connection, path, organization, given, timestamp)


def _define(
    connection: sqlite3.Connection,
    path: str,
    organization: int,
    given: Sequence[dict[str, Any]],
    timestamp: str,
) -> None:
    resource = RESOURCES[path]
    insert_many(
        connection,
        resource,
        [
            Record(
                next_id(connection, resource),
                organization,
                None,
                resource.defaults() | attributes,
                timestamp,
                timestamp,
            )
            for attributes in given
        ],
    )


def _make_surveys(connection: sqlite3.Connection, organization: int, timestamp: str) -> None:
    surveys = []
    for name, version, entries in _SURVEYS:
        questions = [
            _question(connection, position, *question) for position, question in enumerate(entries, start=1)
        ]
        questions.sort(key=lambda question: str(question["system_name"]))
        surveys.append({"survey_name": name, "version": version, "questions": questions})
    _define(connection, "contact-surveys", organization, surveys, timestamp)


def _question(
    connection: sqlite3.Connection, position: int, name: str, text: str, choices: tuple[str, ...]
) -> dict[str, Any]:
    question: dict[str, Any] = {
        "data_type": "choice" if choices else "decimal" if name in _DECIMALS else "text",
        "id": question_id(next_number(connection, "contact-surveys/questions")),
        "question_text": text,
        "sort_order": str(position),
        "system_name": name,
    }
    if choices:
        named = [(choice.lower().replace(" ", "_"), choice) for choice in choices]
        question["possible_choice_answers"] = [
            {"sort_order": "0", "system_name": name, "value": value} for name, value in sorted(named)
        ]
    return question


def make_engagement(connection: sqlite3.Connection, seed: Seed, end: dt.datetime) -> None:
    """Create notes, survey responses, insights, campaign activity and recruits of each organization."""
    for organization in range(1, seed.organizations + 1):
        rng = random.Random(f"engagement {seed.seed} {organization}")
        contacts = connection.execute(
            "SELECT id, owner FROM contacts WHERE organization = ? ORDER BY id", (organization,)
        ).fetchall()
        surveys, types, campaigns = (
            [
                (number, json.loads(attributes))
                for number, attributes in connection.execute(
                    f"SELECT id, attributes FROM {table} WHERE organization = ? ORDER BY id", (organization,)
                )
            ]
            for table in ("contact_surveys", "insight_types", "campaigns")
        )
        for kind in (
            _EngagementType("contact-notes", 0.4, _note, []),
            _EngagementType("contact-survey-responses", 0.15, _response, surveys),
            _EngagementType("insights", 0.2, _insight, types),
            _EngagementType("campaign-activity", 0.1, _campaign_activity, campaigns),
        ):
            _make_records(connection, rng, organization, contacts, end, kind)
        _make_recruits(connection, rng, organization, values.format_datetime(end - SPAN / 2))


Definition = tuple[int, dict[str, Any]]
Fill = Callable[[random.Random, Record, list[Definition]], None]


@dataclass(frozen=True)
class _EngagementType:
    """Records of one resource for a share of the contacts. `fill` fills in one record."""

    path: str
    share: float
    fill: Fill
    definitions: list[Definition]


def _make_records(
    connection: sqlite3.Connection,
    rng: random.Random,
    organization: int,
    contacts: list[tuple[int, int]],
    end: dt.datetime,
    kind: _EngagementType,
) -> None:
    resource = RESOURCES[kind.path]
    times = []
    for position in rng.sample(range(len(contacts)), min(_MAX_RECORDS, int(len(contacts) * kind.share))):
        created = position / len(contacts)  # contacts are spread evenly over the span
        times.append((created + (1 - created) * rng.random(), position))
    records = []
    for time, position in sorted(times):
        id, owner = contacts[position]
        timestamp = values.format_datetime(end - SPAN * (1 - time))
        record = Record(0, organization, owner, resource.defaults(), timestamp, timestamp)
        record.one = {"contact": id}
        kind.fill(rng, record, kind.definitions)
        record.id = next_id(connection, resource)
        records.append(record)
    insert_many(connection, resource, records)


def _note(rng: random.Random, record: Record, _: list[Definition]) -> None:
    title, note, type_id = rng.choice(_NOTES)
    record.attributes |= {"title": title, "note": note, "type_id": str(type_id)}


def _response(rng: random.Random, record: Record, surveys: list[Definition]) -> None:
    survey, attributes = rng.choice(surveys)
    record.one["survey"] = survey
    record.attributes["question_responses"] = [
        {"response_value": _value(rng, question), "question": question}
        for question in attributes["questions"]
    ]


def _value(rng: random.Random, question: dict[str, Any]) -> str:
    if question["data_type"] == "choice":
        return str(rng.choice(question["possible_choice_answers"])["value"])
    return rng.choice(_DECIMALS.get(question["system_name"], _REMARKS))


def _insight(rng: random.Random, record: Record, types: list[Definition]) -> None:
    type, attributes = rng.choice(types)
    record.one["type"] = type
    date = _FIRST_DAY + dt.timedelta(minutes=rng.randrange(300 * 24 * 60))
    expiry = date + dt.timedelta(seconds=attributes["expiration_interval"])
    record.attributes |= {
        "data": {"description": attributes["description"]},
        "insight_date": values.format_datetime(date),
        "expires_at": values.format_datetime(expiry),
    }


def _campaign_activity(rng: random.Random, record: Record, campaigns: list[Definition]) -> None:
    record.one["campaign"] = rng.choice(campaigns)[0]
    date = _FIRST_DAY + dt.timedelta(minutes=rng.randrange(300 * 24 * 60))
    record.attributes["touched_at"] = values.format_datetime(date)


def _make_recruits(
    connection: sqlite3.Connection, rng: random.Random, organization: int, timestamp: str
) -> None:
    resource = RESOURCES["contact-recruits"]
    users = connection.execute(
        "SELECT id FROM users WHERE organization = ? ORDER BY id LIMIT ?", (organization, _RECRUITS + 1)
    ).fetchall()
    statuses = _LISTS["contact-recruit-statuses"]
    records = []
    for position, (owner,) in enumerate(users[1:]):
        person = fake_data.contact(rng)
        info = {"years_experience": str(rng.randrange(2, 25)), "recruit_status": statuses[position]}
        attributes = resource.defaults() | person
        attributes["recruit_info"] = attributes["recruit_info"] | info
        attributes["external_ids"] = []
        attributes |= {"recruit_metrics": [], "state_licenses": [{"state_name": person.get("state", "MN")}]}
        records.append(
            Record(next_id(connection, resource), organization, owner, attributes, timestamp, timestamp)
        )
    insert_many(connection, resource, records)
