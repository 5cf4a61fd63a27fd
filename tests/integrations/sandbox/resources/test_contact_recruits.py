"""Recruits: the documented requests and their effects."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada
from tests.integrations.sandbox.resources.test_contacts import ATTRIBUTES, FULL

SHARE = {"unit": {"unit_name": "percent"}}
PAST_CLIENTS = {"metric": {"metric_name": "Past clients", "metric_type": "business_source"}, **SHARE}
AGENTS = {"metric": {"metric_name": "Agents", "metric_type": "business_source"}, **SHARE}
VOLUME = {
    "metric": {"metric_name": "Yearly volume", "metric_type": "sales_production"},
    "unit": {"unit_name": "dollars"},
}
INFO = {
    "nmls_id": "N-778", "recruit_status": {"status_name": "Talking"}, "corporate_objective": "12",
    "sourced_percentage": "35", "commission_cap": "9000", "commission_split": "60%", "ust_is_complete": True,
    "background": "Twelve years with a credit union", "years_experience": 12, "has_resume": 1,
    "resume_url": "https://cv.example/tilda",
}  # fmt: skip


def create(caller: Caller, **more: Any) -> int:
    response = caller.create("contact-recruits", **ada(**more))
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


def test_the_documented_recruit_is_created_and_shown_as_documented(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    colleagues = sandbox.officers()[1:4]
    roles = ("regional_manager", "division_manager", "branch_manager")
    managers = {
        role: {"username": user["username"]} for role, user in zip(roles, colleagues, strict=True)
    }  # fmt: skip
    response = admin.create(
        "contact-recruits",
        **{**FULL, "custom": None},
        owner={"id": owner["id"]},
        contact_groups=[{"group_name": "Past Client"}],
        recruit_info={**INFO, **managers},
        state_licenses=[{"state_name": "minnesota"}, {"state_name": "KS"}],
        recruit_metrics=[
            {**PAST_CLIENTS, "value": "30"},
            {**AGENTS, "value": 40},
            {**VOLUME, "value": "10123", "on_date": "2024"},
        ],
    )
    id = response.json()["id"]
    assert response.status_code == 201
    assert response.json() == {"created": f"sandbox.example/v1/contact-recruits/{id}", "id": id}
    shown = admin.get(f"contact-recruits/{id}")
    own = {"recruit_info", "recruit_metrics", "state_licenses"}
    assert set(shown) == ATTRIBUTES | own | {"external_status", "owner"}
    expected = {**INFO, "years_experience": "12", "has_resume": True}
    for role, user in zip(roles, colleagues, strict=True):
        expected[role] = {name: user[name] for name in ("email", "external_id", "id", "username")}
    assert shown["recruit_info"] == expected
    assert shown["state_licenses"] == [{"state_name": "KS"}, {"state_name": "MN"}]
    assert shown["recruit_metrics"] == [
        {**PAST_CLIENTS, "value": "30", "on_date": None},
        {**AGENTS, "value": "40", "on_date": None},
        {**VOLUME, "value": "10123", "on_date": "2024-01-01 00:00:00"},
    ]
    assert [group["group_name"] for group in shown["contact_groups"]] == ["Past Client"]


def test_a_user_needs_no_owner_and_a_repeated_recruit_is_a_duplicate(
    sandbox: InProcessSandbox, owner: dict[str, Any]
) -> None:
    user = sandbox.user(owner)
    id = create(user)
    response = user.create("contact-recruits", **ada(recruit_info={"nmls_id": "N-1"}))
    assert response.status_code == 200
    assert response.json() == {"duplicate": f"sandbox.example/v1/contact-recruits/{id}", "id": id}
    assert user.get(f"contact-recruits/{id}")["recruit_info"]["nmls_id"] == "N-1"
    assert id in {item["id"] for item in user.items("contact-recruits")}


def test_recruits_and_contacts_have_different_ids(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    user = sandbox.user(owner)
    recruit = create(user)
    contact = user.create("contacts", **ada()).json()["id"]
    assert recruit != contact
    assert user.call("GET", f"contacts/{recruit}").status_code == 404
    ids = {item["id"] for item in admin.items("contacts")}
    assert ids.isdisjoint(item["id"] for item in admin.items("contact-recruits"))


def test_metrics_are_replaced_and_removed_as_documented(
    sandbox: InProcessSandbox, owner: dict[str, Any]
) -> None:
    user = sandbox.user(owner)
    id = create(user, recruit_metrics=[{**PAST_CLIENTS, "value": 30}, {**AGENTS, "value": 40}])
    response = user.update(
        f"contact-recruits/{id}", recruit_metrics=[{**PAST_CLIENTS, "value": "50"}, {**AGENTS, "value": "20"}]
    )
    assert (response.status_code, response.json()) == (200, [])
    shown = user.get(f"contact-recruits/{id}")["recruit_metrics"]
    assert {metric["metric"]["metric_name"]: metric["value"] for metric in shown} == {
        "Past clients": "50",
        "Agents": "20",
    }
    response = user.update(f"contact-recruits/{id}", remove_recruit_metrics=[PAST_CLIENTS])
    assert (response.status_code, response.json()) == (200, [])
    (left,) = user.get(f"contact-recruits/{id}")["recruit_metrics"]
    assert left["metric"] == AGENTS["metric"]


@pytest.mark.parametrize(
    ("metrics", "error"),
    [
        ([{**PAST_CLIENTS, "value": 61}, {**AGENTS, "value": 40}], "business_source"),
        ([{**VOLUME, "value": 5}], "recruit_metrics.on_date"),
        ([{**VOLUME, "value": 5, "on_date": "once"}], "recruit_metrics.on_date"),
        ([PAST_CLIENTS], "recruit_metrics.value"),
        ([{**PAST_CLIENTS, "value": "many"}], "value"),
        ([{**SHARE, "value": 1, "metric": {"metric_name": "Charm"}}], "relationship: 'metric'"),
        ([{**AGENTS, "value": 1, "unit": {"unit_name": "bushels"}}], "relationship: 'unit'"),
        ([{"value": 1, "metric": {"metric_name": "Loan origination"}, **SHARE}], "recruit_metrics.unit"),
        (["x"], "recruit_metrics"),
    ],
)
def test_metrics_that_break_the_published_rules_are_rejected(
    sandbox: InProcessSandbox, owner: dict[str, Any], metrics: list[Any], error: str
) -> None:
    response = sandbox.user(owner).create("contact-recruits", **ada(recruit_metrics=metrics))
    assert response.status_code == 422
    assert error in response.json()["error"]


@pytest.mark.parametrize(
    ("info", "relationship"),
    [
        ({"recruit_status": {"status_name": "Gone fishing"}}, "recruit_status"),
        ({"branch_manager": {"username": "nobody"}}, "branch_manager"),
    ],
)
def test_an_unknown_status_or_manager_is_rejected(
    sandbox: InProcessSandbox, owner: dict[str, Any], info: dict[str, Any], relationship: str
) -> None:
    response = sandbox.user(owner).create("contact-recruits", **ada(recruit_info=info))
    assert response.json() == {"error": f"Unable to find target for relationship: '{relationship}'"}


def test_an_update_keeps_other_parts_of_recruit_info(
    sandbox: InProcessSandbox, owner: dict[str, Any]
) -> None:
    user = sandbox.user(owner)
    id = create(user, recruit_info=INFO)
    user.update(f"contact-recruits/{id}", recruit_info={"recruit_status": None, "nmls_id": "N-2"})
    info = user.get(f"contact-recruits/{id}")["recruit_info"]
    assert "recruit_status" not in info
    assert (info["nmls_id"], info["commission_split"]) == ("N-2", "60%")


def test_licenses_can_be_removed_by_name_or_abbreviation(
    sandbox: InProcessSandbox, owner: dict[str, Any]
) -> None:
    user = sandbox.user(owner)
    id = create(user, state_licenses=[{"state_name": name} for name in ("AK", "Kansas", "New Mexico")])
    response = user.update(
        f"contact-recruits/{id}", remove_state_licenses=[{"state_name": "ak"}, {"state_name": "kansas"}]
    )
    assert (response.status_code, response.json()) == (200, [])
    assert user.get(f"contact-recruits/{id}")["state_licenses"] == [{"state_name": "NM"}]
    assert user.update(f"contact-recruits/{id}", state_licenses=[{"state_name": "Utopia"}]).status_code == 422


def test_a_recruit_can_be_deleted_and_is_hidden_from_others(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    id = create(admin, owner={"id": owner["id"]})
    assert sandbox.user(sandbox.officers()[1]).call("GET", f"contact-recruits/{id}").status_code == 404
    assert sandbox.admin(BLUEWATER).delete(f"contact-recruits/{id}").status_code == 404
    response = admin.delete(f"contact-recruits/{id}")
    assert (response.status_code, response.json()) == (200, [])
    assert admin.call("GET", f"contact-recruits/{id}").status_code == 404


def test_a_recruit_can_only_be_updated_by_id(sandbox: InProcessSandbox, owner: dict[str, Any]) -> None:
    user = sandbox.user(owner)
    create(user)
    assert user.update("contact-recruits", **ada(city="Fairhaven")).status_code == 405


def test_a_token_without_the_scope_is_rejected_as_documented(
    sandbox: InProcessSandbox, owner: dict[str, Any]
) -> None:
    response = sandbox.user(owner, "leadSurveyInteraction").create("contact-recruits", **ada())
    assert response.status_code == 401
    assert response.json() == {
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided by the access token",
    }


def test_recruits_in_groups_get_campaign_emails(sandbox: InProcessSandbox, owner: dict[str, Any]) -> None:
    id = create(sandbox.user(owner), contact_groups=[{"group_name": "Newsletter"}])
    (mail,) = sandbox.get_control("outbox")
    assert (mail["contact"], mail["campaign"]) == (id, "Newsletter")
