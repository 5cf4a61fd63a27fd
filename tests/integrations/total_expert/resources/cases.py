"""The data that the tests of every method use, by resource."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

from integrations.total_expert import NoteType
from tests.integrations.total_expert.resources.shared_sandbox import SharedSandbox

CLASS = {"class_name": "checking_account", "class_type": "ACCOUNT"}


@dataclasses.dataclass(frozen=True)
class Case:
    """The data for one resource.

    `make` returns the data for a create; if `owned`, the admin also passes an owner. `change` is the data for an
    update, and `seen` the attribute and value that show it afterwards. `custom` are custom field values to set.
    Without `for_users`, only admins can use the resource.
    """

    make: Callable[[SharedSandbox], dict[str, Any]] | None = None
    change: dict[str, Any] | None = None
    seen: tuple[str, Any] | None = None
    owned: bool = False
    custom: dict[str, Any] | None = None
    for_users: bool = True


def survey(shared: SharedSandbox) -> dict[str, Any]:
    """Return a survey with one question of each type."""
    choices = [{"value": "Yes", "system_name": "yes"}, {"value": "No", "system_name": "no"}]
    return {
        "source": "t",
        "survey_name": shared.name(),
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


def response(shared: SharedSandbox) -> dict[str, Any]:
    """Create a survey and return a response to it."""
    surveys = shared.clients["admin"].contact_surveys
    created = surveys.get(surveys.create(survey(shared)).id)
    answers = {"decimal": "12.5", "text": "Because", "choice": "No"}
    return {
        "contact": shared.contact(),
        "survey": {"id": created.id},
        "question_responses": [
            {"question": {"id": question.id}, "response_value": answers[question.data_type]}
            for question in created.questions
        ],
    }


def insight(shared: SharedSandbox) -> dict[str, Any]:
    """Return an insight about a new contact."""
    kind = shared.clients["admin"].insight_types.list(size=1).items[0]
    return {"type": {"id": kind.id}, "contact": shared.contact(), "data": {"description": "Hm"}}


def campaign_activity(shared: SharedSandbox) -> dict[str, Any]:
    """Create a campaign and return an activity that reached a new contact."""
    campaign = shared.clients["admin"].campaigns.create({"name": shared.name()})
    return {"contact": shared.contact(), "campaign": {"id": campaign.id}, "touched_at": "2026-03-04 05:06:07"}


def loan(shared: SharedSandbox) -> dict[str, Any]:
    """Return a loan to a new contact."""
    return {"external_id": shared.name(), "loan_amount": "310000.00", "borrower": shared.contact()}


def user(shared: SharedSandbox) -> dict[str, Any]:
    """Return a user with an existing role."""
    role = shared.clients["admin"].user_roles.list(size=1).items[0]
    return {
        "email": f"{shared.name().replace(' ', '')}@lender.example",
        "type": "Lender",
        "role": {"role_name": role.role_name},
        "info": {"first_name": "Lou", "last_name": "Lender"},
    }


LIST = Case()
ADMINS_LIST = Case(for_users=False)
#: The cases, by the attribute of the resource.
CASES = {
    "contacts": Case(
        SharedSandbox.person, {"city": "Duluth"}, ("city", "Duluth"), True, {"household_size": 3}
    ),
    "contact_groups": Case(
        lambda shared: {"group_name": shared.name()},
        {"group_name": "Renamed"},
        ("group_name", "Renamed"),
        True,
    ),
    "contact_notes": Case(
        lambda shared: {
            "title": "T",
            "note": "N",
            "type_id": NoteType.GENERAL,
            "contact": shared.contact(),
        },
        {"type_id": NoteType.TASK},
        ("type_id", NoteType.TASK),
        True,
    ),
    "contact_surveys": Case(survey, {"version": "7", "questions": []}, ("version", "7")),
    "contact_survey_responses": Case(response, owned=True),
    "contact_recruits": Case(SharedSandbox.person, {"city": "Duluth"}, ("city", "Duluth"), True),
    "contact_recruit_statuses": LIST,
    "contact_recruit_metrics": LIST,
    "contact_recruit_metric_units": LIST,
    "entities": Case(
        lambda shared: {"entity_name": shared.name(), "entity_type": {"system_name": "household"}},
        {"phone": "(218)555-0142"},
        ("phone", "(218)555-0142"),
        custom={},
        for_users=False,
    ),
    "entity_relationship_types": ADMINS_LIST,
    "insights": Case(insight, owned=True),
    "insight_types": LIST,
    "campaigns": Case(lambda shared: {"name": shared.name()}),
    "campaign_activity": Case(campaign_activity, owned=True),
    "channels": LIST,
    "wlp_access_types": LIST,
    "activity": LIST,
    "users": Case(user, {"status": 0}, ("active", False), custom={}, for_users=False),
    "user_roles": ADMINS_LIST,
    "role_permissions": ADMINS_LIST,
    "permissions": ADMINS_LIST,
    "teams": Case(
        lambda shared: {"team_name": shared.name()}, {"team_name": "T2"}, ("team_name", "T2"), for_users=False
    ),
    "custom_fields": ADMINS_LIST,
    "participant_roles": ADMINS_LIST,
    "loans": Case(
        loan, {"loan_number": "88"}, ("loan_number", "88"), True, {"lock_expires": dt.date(2026, 5, 4)}
    ),
    "loan_types": Case(lambda shared: {"loan_type": shared.name()}),
    "loan_statuses": Case(lambda shared: {"loan_status": shared.name()}),
    "loan_purposes": Case(lambda shared: {"loan_purpose": shared.name()}),
    "loan_programs": Case(lambda shared: {"loan_program": shared.name()}),
    "accounts": Case(
        lambda shared: {"external_id": shared.name(), "primary_account_holder": shared.contact()},
        {"account_name": "Savings"},
        ("account_name", "Savings"),
        True,
        {},
    ),
    "account_types": Case(
        lambda shared: {"account_type": shared.name(), "account_class": CLASS},
        {"account_type": "Other"},
        ("account_type", "Other"),
    ),
    "account_statuses": Case(
        lambda shared: {"account_status": shared.name(), "account_class": CLASS},
        {"account_status": "Other"},
        ("account_status", "Other"),
    ),
    "account_classifications": LIST,
    "lead_opportunities": Case(SharedSandbox.person, {"first_name": "Kim"}, ("first_name", "Kim")),
    "leads": Case(SharedSandbox.person, {"first_name": "Kim"}, ("first_name", "Kim"), True),
    "scenarios": Case(
        lambda shared: {
            "name": shared.name(),
            "data": {"loan_scenarios": []},
            "tags": [{"type": "MLS_NUMBER", "value": "1"}],
        },
        {"display_name": "Shown"},
        ("display_name", "Shown"),
        True,
    ),
    "email_domains": LIST,
    "email_unsubscribes": Case(lambda shared: {"email": shared.person()["email"], "organization_wide": True}),
    "email_archive": LIST,
    "email_templates": LIST,
    "user_images": LIST,
    "sms": LIST,
    "webhook_actions": LIST,
    "webhook_subscriptions": Case(
        lambda shared: {
            "url": "https://hooks.example/te",
            "secret": "5f" * 16,
            "actions": [{"item": "CONTACT", "action": "UPDATED"}],
        },
        {"secret": "a0" * 16},
    ),
}
