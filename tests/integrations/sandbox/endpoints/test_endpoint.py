"""What all endpoints have in common."""

import pytest

from tests.integrations.sandbox.clients import Caller

PATHS = ["lead-opportunities", "leads", "email-templates/render"]


@pytest.mark.parametrize("path", PATHS)
def test_a_body_must_be_a_json_object(admin: Caller, path: str) -> None:
    def status(data: str, kind: str = "application/json") -> int:
        return admin.call("POST", path, data=data, headers={"Content-Type": kind}).status_code

    assert status("{}", "text/plain") == 415
    assert status("{") == 400
    assert status("[]") == 422


@pytest.mark.parametrize("path", [*PATHS, "user-images", "email-archive/1"])
def test_a_token_and_a_known_method_are_required(admin: Caller, path: str) -> None:
    rejected = admin.call("PUT", path)
    assert rejected.status_code == 405
    allowed = rejected.headers["Allow"].split(", ")[0]
    assert admin.call(allowed, path, headers={"Authorization": ""}).status_code == 401


@pytest.mark.parametrize("path", ["user-images/1", "email-templates", "leads/1/offers", "email-archive/1/2"])
def test_paths_below_an_endpoint_are_not_found(admin: Caller, path: str) -> None:
    assert admin.call("GET", path).status_code == 404
