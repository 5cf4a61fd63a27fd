"""Read-only lists, and how contacts refer to two of them."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import Caller, InProcessSandbox, ada

LISTS = {
    "channels": {"system_name"},
    "wlp-access-types": {"access_type"},
    "contact-recruit-statuses": {"status_name"},
    "contact-recruit-metrics": {"metric_name", "metric_type"},
    "contact-recruit-metric-units": {"unit_name"},
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_the_documented_attributes_and_is_read_only(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], path: str
) -> None:
    items = admin.items(path)
    assert len(items) >= 3
    assert all(set(item) == LISTS[path] for item in items)
    assert sandbox.user(owner).items(path) == items
    response = admin.create(path, **items[0])
    assert (response.status_code, response.headers["Allow"]) == (405, "GET")
    assert admin.call("GET", f"{path}/1").status_code == 404
    assert sandbox.user(owner, "leadSurveyInteraction").call("GET", path).status_code == 401


def test_a_contact_can_join_and_leave_channels_and_has_one_access_type(
    sandbox: InProcessSandbox, owner: dict[str, Any]
) -> None:
    user = sandbox.user(owner)
    body = ada(
        channels=[{"system_name": "online"}, {"system_name": "branch"}], wlp_access={"access_type": "full"}
    )
    id = user.create("contacts", **body).json()["id"]
    shown = user.get(f"contacts/{id}")
    assert {channel["system_name"] for channel in shown["channels"]} == {"online", "branch"}
    assert shown["wlp_access"] == {"access_type": "full"}
    user.update(
        f"contacts/{id}", remove_channels=[{"system_name": "online"}], wlp_access={"access_type": "none"}
    )
    shown = user.get(f"contacts/{id}")
    assert (shown["channels"], shown["wlp_access"]) == ([{"system_name": "branch"}], {"access_type": "none"})
    user.update(f"contacts/{id}", remove_channels=[{"system_name": "branch"}], wlp_access=None)
    assert not {"channels", "wlp_access"} & set(user.get(f"contacts/{id}"))


@pytest.mark.parametrize(
    ("change", "relationship"),
    [
        ({"channels": [{"system_name": "carrier pigeon"}]}, "channels"),
        ({"remove_channels": [{"system_name": "carrier pigeon"}]}, "remove_channels"),
        ({"wlp_access": {"access_type": "sudo"}}, "wlp_access"),
    ],
)
def test_values_that_are_not_in_a_list_are_rejected(
    sandbox: InProcessSandbox, owner: dict[str, Any], change: dict[str, Any], relationship: str
) -> None:
    response = sandbox.user(owner).create("contacts", **ada(**change))
    assert response.status_code == 422
    assert response.json() == {"error": f"Unable to find target for relationship: '{relationship}'"}
