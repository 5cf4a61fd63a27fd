"""What the tests of every method create and change, resource by resource."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

from integrations.total_expert import NoteKind
from tests.integrations.total_expert.world import World

CLASS = {"class_name": "checking_account", "class_type": "ACCOUNT"}


@dataclasses.dataclass(frozen=True)
class Case:
    """How a resource is driven: what is created, what is then changed, and where the change shows.

    `owned`: as admin an owner is named. `seen` is the attribute that shows what `change` sets, and its value then.
    `custom` are custom values to set. `for_users` says that a consenting person may use the resource.
    """

    make: Callable[[World], dict[str, Any]] | None = None
    change: dict[str, Any] | None = None
    seen: tuple[str, Any] | None = None
    owned: bool = False
    custom: dict[str, Any] | None = None
    for_users: bool = True


def survey(world: World) -> dict[str, Any]:
    """A survey with one question of each type."""
    choices = [{"value": "Yes", "system_name": "yes"}, {"value": "No", "system_name": "no"}]
    return {
        "source": "t",
        "survey_name": world.name(),
        "questions": [
            {"question_text": "How much?", "system_name": "much", "data_type": "decimal"},
            {"question_text": "Why?", "system_name": "why", "data_type": "text"},
            {
                "question_text": "Now?",
                "system_name": "now",
                "data_type": "choice",
                "possible_choice_answers": choices,
            },
        ],
    }


def response(world: World) -> dict[str, Any]:
    """Answers to a new survey, whose questions have ids once it is there."""
    surveys = world.clients["admin"].contact_surveys
    asked = surveys.get(surveys.create(survey(world)).id)
    answers = {"decimal": "12.5", "text": "Because", "choice": "No"}
    return {
        "contact": world.contact(),
        "survey": {"id": asked.id},
        "question_responses": [
            {"question": {"id": question.id}, "response_value": answers[question.data_type]}
            for question in asked.questions
        ],
    }


def insight(world: World) -> dict[str, Any]:
    """Something that happened to a contact."""
    kind = world.clients["admin"].insight_types.list(size=1).items[0]
    return {"type": {"id": kind.id}, "contact": world.contact(), "data": {"description": "Hm"}}


def campaign_activity(world: World) -> dict[str, Any]:
    """A campaign that touched a contact."""
    made = world.clients["admin"].campaigns.create({"name": world.name()})
    return {"contact": world.contact(), "campaign": {"id": made.id}, "touched_at": "2026-03-04 05:06:07"}


def loan(world: World) -> dict[str, Any]:
    """A loan to a contact."""
    return {"external_id": world.name(), "loan_amount": "310000.00", "borrower": world.contact()}


def user(world: World) -> dict[str, Any]:
    """A user with a role that there is."""
    role = world.clients["admin"].user_roles.list(size=1).items[0]
    return {
        "email": f"{world.name().replace(' ', '')}@lender.example",
        "type": "Lender",
        "role": {"role_name": role.role_name},
        "info": {"first_name": "Lou", "last_name": "Lender"},
    }


LIST = Case()
ADMINS_LIST = Case(for_users=False)
#: The resources by name.
CASES = {
    "contacts": Case(World.person, {"city": "Duluth"}, ("city", "Duluth"), True, {"household_size": 3}),
    "contact_groups": Case(
        lambda world: {"group_name": world.name()}, {"group_name": "Renamed"}, ("group_name", "Renamed"), True
    ),
    "contact_notes": Case(
        lambda world: {
            "title": "T",
            "note": "N",
            "type_id": NoteKind.GENERAL,
            "contact": world.contact(),
        },
        {"type_id": NoteKind.TASK},
        ("type_id", NoteKind.TASK),
        True,
    ),
    "contact_surveys": Case(survey, {"version": "7", "questions": []}, ("version", "7")),
    "contact_survey_responses": Case(response, owned=True),
    "contact_recruits": Case(World.person, {"city": "Duluth"}, ("city", "Duluth"), True),
    "contact_recruit_statuses": LIST,
    "contact_recruit_metrics": LIST,
    "contact_recruit_metric_units": LIST,
    "entities": Case(
        lambda world: {"entity_name": world.name(), "entity_type": {"system_name": "household"}},
        {"phone": "(218)555-0142"},
        ("phone", "(218)555-0142"),
        custom={},
        for_users=False,
    ),
    "entity_relationship_types": ADMINS_LIST,
    "insights": Case(insight, owned=True),
    "insight_types": LIST,
    "campaigns": Case(lambda world: {"name": world.name()}),
    "campaign_activity": Case(campaign_activity, owned=True),
    "channels": LIST,
    "wlp_access_types": LIST,
    "activity": LIST,
    "users": Case(user, {"status": 0}, ("active", False), custom={}, for_users=False),
    "user_roles": ADMINS_LIST,
    "role_permissions": ADMINS_LIST,
    "permissions": ADMINS_LIST,
    "teams": Case(
        lambda world: {"team_name": world.name()}, {"team_name": "T2"}, ("team_name", "T2"), for_users=False
    ),
    "custom_fields": ADMINS_LIST,
    "participant_roles": ADMINS_LIST,
    "loans": Case(
        loan, {"loan_number": "88"}, ("loan_number", "88"), True, {"lock_expires": dt.date(2026, 5, 4)}
    ),
    "loan_types": Case(lambda world: {"loan_type": world.name()}),
    "loan_statuses": Case(lambda world: {"loan_status": world.name()}),
    "loan_purposes": Case(lambda world: {"loan_purpose": world.name()}),
    "loan_programs": Case(lambda world: {"loan_program": world.name()}),
    "accounts": Case(
        lambda world: {"external_id": world.name(), "primary_account_holder": world.contact()},
        {"account_name": "Savings"},
        ("account_name", "Savings"),
        True,
        {},
    ),
    "account_types": Case(
        lambda world: {"account_type": world.name(), "account_class": CLASS},
        {"account_type": "Other"},
        ("account_type", "Other"),
    ),
    "account_statuses": Case(
        lambda world: {"account_status": world.name(), "account_class": CLASS},
        {"account_status": "Other"},
        ("account_status", "Other"),
    ),
    "account_classifications": LIST,
    "lead_opportunities": Case(World.person, {"first_name": "Kim"}, ("first_name", "Kim")),
    "leads": Case(World.person, {"first_name": "Kim"}, ("first_name", "Kim"), True),
    "scenarios": Case(
        lambda world: {
            "name": world.name(),
            "data": {"loan_scenarios": []},
            "tags": [{"type": "MLS_NUMBER", "value": "1"}],
        },
        {"display_name": "Shown"},
        ("display_name", "Shown"),
        True,
    ),
    "email_domains": LIST,
    "email_unsubscribes": Case(lambda world: {"email": world.person()["email"], "organization_wide": True}),
    "email_archive": LIST,
    "email_templates": LIST,
    "user_images": LIST,
    "sms": LIST,
    "webhook_actions": LIST,
    "webhook_subscriptions": Case(
        lambda world: {
            "url": "https://hooks.example/te",
            "secret": "5f" * 16,
            "actions": [{"item": "CONTACT", "action": "UPDATED"}],
        },
        {"secret": "a0" * 16},
    ),
}
