"""Tokens: every grant, both body formats, and each refusal."""

import re

import pytest
import requests

from tests.integrations.sandbox.clients import BASE, REDIRECT_URI, Browser, House

DAY = 24 * 3600


def own(house: House) -> tuple[str, str]:
    organization = house.organization()
    return organization["client_id"], organization["client_secret"]


def refused(response: requests.Response, error: str, status: int = 400) -> str:
    assert response.status_code == status
    assert response.json()["error"] == error
    return str(response.json()["error_description"])


@pytest.mark.parametrize("format", ["json", "data"])
def test_client_credentials_get_a_token_without_a_refresh_token(house: House, format: str) -> None:
    body = {format: {"grant_type": "client_credentials"}}
    answer = house.session().post(f"{BASE}/v1/token", auth=own(house), timeout=5, **body)
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "expires_in", "token_type", "scope"}
    assert re.fullmatch("[0-9a-f]{40}", answer.json()["access_token"])
    assert (answer.json()["expires_in"], answer.json()["token_type"]) == (3600, "bearer")
    assert "leadInteraction" in answer.json()["scope"].split()


def test_a_narrower_scope_is_granted_as_asked(house: House) -> None:
    answer = house.token(own(house), grant_type="client_credentials", scope="leadInteraction")
    assert answer.json()["scope"] == "leadInteraction"


def test_an_unknown_scope_is_refused(house: House) -> None:
    refused(house.token(own(house), grant_type="client_credentials", scope="everything"), "invalid_scope")


@pytest.mark.parametrize("auth", [("nobody", "x"), (None, "wrong")])
def test_wrong_credentials_are_refused_as_documented(house: House, auth: tuple[str | None, str]) -> None:
    answer = house.token((auth[0] or own(house)[0], auth[1]), grant_type="client_credentials")
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_client",
        "error_description": "The client credentials are invalid",
    }


def test_missing_credentials_are_refused(house: House) -> None:
    answer = house.session().post(f"{BASE}/v1/token", json={"grant_type": "client_credentials"}, timeout=5)
    assert "not found" in refused(answer, "invalid_client")


def test_a_missing_grant_type_is_refused(house: House) -> None:
    refused(house.token(own(house)), "invalid_request")


def test_an_unknown_grant_type_is_refused(house: House) -> None:
    refused(house.token(own(house), grant_type="password"), "unsupported_grant_type")


def test_the_application_has_no_organization_of_its_own(house: House) -> None:
    refused(house.token(house.application, grant_type="client_credentials"), "unauthorized_client")


def test_only_post_gives_tokens(house: House) -> None:
    refused(house.session().get(f"{BASE}/v1/token", timeout=5), "invalid_request", 405)


def test_broken_json_is_refused(house: House) -> None:
    headers = {"Content-Type": "application/json"}
    answer = house.session().post(f"{BASE}/v1/token", data="{", headers=headers, auth=own(house), timeout=5)
    refused(answer, "invalid_request")


def test_a_code_becomes_an_access_and_a_refresh_token(house: House) -> None:
    answer = house.grant(house.officers()[0])
    assert set(answer) == {"access_token", "expires_in", "token_type", "scope", "refresh_token"}
    assert answer["scope"] == "leadInteraction"
    assert re.fullmatch("[0-9a-f]{40}", answer["refresh_token"])


def exchange(house: House, code: str, redirect_uri: str | None = REDIRECT_URI) -> requests.Response:
    more = {"redirect_uri": redirect_uri} if redirect_uri else {}
    return house.token(house.application, grant_type="authorization_code", code=code, **more)


def test_a_used_code_is_refused(house: House) -> None:
    code = Browser(house).consent(house.officers()[0])["code"]
    assert exchange(house, code).status_code == 200
    refused(exchange(house, code), "invalid_grant")


def test_a_code_lives_thirty_seconds(house: House) -> None:
    young, old = (Browser(house).consent(house.officers()[0])["code"] for _ in range(2))
    house.steer("clock", {"advance": 28})
    assert exchange(house, young).status_code == 200
    house.steer("clock", {"advance": 3})
    assert "expired" in refused(exchange(house, old), "invalid_grant")


def test_a_missing_or_unknown_code_is_refused(house: House) -> None:
    refused(exchange(house, "0" * 40), "invalid_grant")
    refused(house.token(house.application, grant_type="authorization_code"), "invalid_request")


@pytest.mark.parametrize("redirect_uri", [None, "http://localhost:8000/elsewhere/"])
def test_the_redirect_uri_of_the_request_must_be_repeated(house: House, redirect_uri: str | None) -> None:
    code = Browser(house).consent(house.officers()[0])["code"]
    refused(exchange(house, code, redirect_uri), "redirect_uri_mismatch")


def test_no_redirect_uri_need_be_repeated_where_none_was_given(house: House) -> None:
    code = Browser(house).consent(house.officers()[0], redirect_uri=None)["code"]
    assert exchange(house, code, None).status_code == 200


def refresh(house: House, token: str) -> requests.Response:
    return house.token(house.application, grant_type="refresh_token", refresh_token=token)


def test_refreshing_rotates_and_the_old_refresh_token_stops_working(house: House) -> None:
    first = house.grant(house.officers()[0])["refresh_token"]
    answer = refresh(house, first)
    assert answer.status_code == 200
    assert answer.json()["scope"] == "leadInteraction"
    assert answer.json()["refresh_token"] != first
    refused(refresh(house, first), "invalid_grant")
    assert refresh(house, answer.json()["refresh_token"]).status_code == 200


def test_a_refresh_token_lives_fourteen_days(house: House) -> None:
    token = house.grant(house.officers()[0])["refresh_token"]
    house.steer("clock", {"advance": 14 * DAY - 60})
    token = refresh(house, token).json()["refresh_token"]
    house.steer("clock", {"advance": 14 * DAY + 60})
    refused(refresh(house, token), "invalid_grant")


def test_another_client_cannot_use_a_refresh_token(house: House) -> None:
    token = house.grant(house.officers()[0])["refresh_token"]
    answer = house.token(own(house), grant_type="refresh_token", refresh_token=token)
    assert answer.status_code == 400
    assert refresh(house, token).status_code == 200


def test_a_missing_refresh_token_is_refused(house: House) -> None:
    refused(house.token(house.application, grant_type="refresh_token"), "invalid_request")


def test_an_access_token_lives_an_hour(house: House) -> None:
    caller = house.admin()
    house.steer("clock", {"advance": 3590})
    assert caller.call("GET", "teapot").status_code == 418
    house.steer("clock", {"advance": 20})
    refused(caller.call("GET", "teapot"), "expired_token", 401)


def test_an_unknown_token_is_refused(house: House) -> None:
    caller = house.admin()
    caller.token = "0" * 40
    refused(caller.call("GET", "contacts"), "invalid_token", 401)


def test_a_call_without_a_token_is_refused(house: House) -> None:
    answer = house.session().get(f"{BASE}/v1/contacts", timeout=5)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_scope_that_does_not_reach_is_refused_as_documented(house: House) -> None:
    answer = house.admin(scope="loanInteraction").call("GET", "contacts")
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided by the access token",
    }


@pytest.mark.parametrize("path", ["users", "schema/custom-fields"])
def test_what_is_for_admins_is_refused_to_a_user_whatever_the_scope(house: House, path: str) -> None:
    for user in (house.officers()[0], house.organization()["users"][0]):
        caller = house.user(user, scope="leadInteraction getUsers describeSchema")
        refused(caller.call("GET", path), "insufficient_scope", 401)


def test_an_inactive_users_tokens_stop_working(house: House) -> None:
    user = house.officers()[0]
    granted = house.grant(user)
    assert house.admin().update(f"users/{user['id']}", status=0).status_code == 200
    refused(refresh(house, granted["refresh_token"]), "invalid_grant")
    caller = house.admin()
    caller.token = granted["access_token"]
    refused(caller.call("GET", "contacts"), "invalid_token", 401)
