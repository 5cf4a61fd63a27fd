"""The token endpoint and bearer tokens: every grant, both body formats, and every error."""

import re

import pytest
import requests

from tests.integrations.sandbox.clients import (
    BASE,
    REDIRECT_URI,
    Browser,
    InProcessSandbox,
    redirect_parameters,
)

DAY = 24 * 3600


def own(sandbox: InProcessSandbox) -> tuple[str, str]:
    organization = sandbox.organization()
    return organization["client_id"], organization["client_secret"]


def assert_error(response: requests.Response, error: str, status: int = 400) -> str:
    assert response.status_code == status
    assert response.json()["error"] == error
    return str(response.json()["error_description"])


@pytest.mark.parametrize("format", ["json", "data"])
def test_client_credentials_get_a_token_without_a_refresh_token(
    sandbox: InProcessSandbox, format: str
) -> None:
    body = {format: {"grant_type": "client_credentials"}}
    response = sandbox.session().post(f"{BASE}/v1/token", auth=own(sandbox), timeout=5, **body)
    assert response.status_code == 200
    assert set(response.json()) == {"access_token", "expires_in", "token_type", "scope"}
    assert re.fullmatch("[0-9a-f]{40}", response.json()["access_token"])
    assert (response.json()["expires_in"], response.json()["token_type"]) == (3600, "bearer")
    assert "leadInteraction" in response.json()["scope"].split()


def test_a_narrower_scope_is_granted_as_requested(sandbox: InProcessSandbox) -> None:
    response = sandbox.token(own(sandbox), grant_type="client_credentials", scope="leadInteraction")
    assert response.json()["scope"] == "leadInteraction"


def test_an_unknown_scope_is_rejected(sandbox: InProcessSandbox) -> None:
    assert_error(
        sandbox.token(own(sandbox), grant_type="client_credentials", scope="everything"), "invalid_scope"
    )


@pytest.mark.parametrize("auth", [("nobody", "x"), (None, "wrong")])
def test_wrong_credentials_are_rejected_as_documented(
    sandbox: InProcessSandbox, auth: tuple[str | None, str]
) -> None:
    response = sandbox.token((auth[0] or own(sandbox)[0], auth[1]), grant_type="client_credentials")
    assert response.status_code == 400
    assert response.json() == {
        "error": "invalid_client",
        "error_description": "The client credentials are invalid",
    }


def test_missing_credentials_are_rejected(sandbox: InProcessSandbox) -> None:
    response = sandbox.session().post(
        f"{BASE}/v1/token", json={"grant_type": "client_credentials"}, timeout=5
    )
    assert "not found" in assert_error(response, "invalid_client")


def test_a_missing_grant_type_is_rejected(sandbox: InProcessSandbox) -> None:
    assert_error(sandbox.token(own(sandbox)), "invalid_request")


def test_an_unknown_grant_type_is_rejected(sandbox: InProcessSandbox) -> None:
    assert_error(sandbox.token(own(sandbox), grant_type="password"), "unsupported_grant_type")


def test_the_application_cannot_use_client_credentials(sandbox: InProcessSandbox) -> None:
    assert_error(sandbox.token(sandbox.application, grant_type="client_credentials"), "unauthorized_client")


def test_only_post_returns_tokens(sandbox: InProcessSandbox) -> None:
    assert_error(sandbox.session().get(f"{BASE}/v1/token", timeout=5), "invalid_request", 405)


def test_invalid_json_is_rejected(sandbox: InProcessSandbox) -> None:
    headers = {"Content-Type": "application/json"}
    response = sandbox.session().post(
        f"{BASE}/v1/token", data="{", headers=headers, auth=own(sandbox), timeout=5
    )
    assert_error(response, "invalid_request")


def test_a_code_is_exchanged_for_an_access_and_a_refresh_token(sandbox: InProcessSandbox) -> None:
    response = sandbox.grant(sandbox.officers()[0])
    assert set(response) == {"access_token", "expires_in", "token_type", "scope", "refresh_token"}
    assert response["scope"] == "leadInteraction"
    assert re.fullmatch("[0-9a-f]{40}", response["refresh_token"])


def exchange(
    sandbox: InProcessSandbox, code: str, redirect_uri: str | None = REDIRECT_URI
) -> requests.Response:
    more = {"redirect_uri": redirect_uri} if redirect_uri else {}
    return sandbox.token(sandbox.application, grant_type="authorization_code", code=code, **more)


def test_a_used_code_is_rejected(sandbox: InProcessSandbox) -> None:
    code = Browser(sandbox).consent(sandbox.officers()[0])["code"]
    assert exchange(sandbox, code).status_code == 200
    assert_error(exchange(sandbox, code), "invalid_grant")


def test_a_code_is_valid_for_thirty_seconds(sandbox: InProcessSandbox) -> None:
    young, old = (Browser(sandbox).consent(sandbox.officers()[0])["code"] for _ in range(2))
    sandbox.post_control("clock", {"advance": 28})
    assert exchange(sandbox, young).status_code == 200
    sandbox.post_control("clock", {"advance": 3})
    assert "expired" in assert_error(exchange(sandbox, old), "invalid_grant")


VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # the example of RFC 7636, appendix B


@pytest.mark.parametrize(
    ("challenge", "verifier", "status"),
    [(CHALLENGE, VERIFIER, 200), (CHALLENGE, None, 400), (CHALLENGE, "", 400), (CHALLENGE, "x" * 43, 400),
     (CHALLENGE, CHALLENGE, 400), (None, None, 200), (None, VERIFIER, 400), (None, "", 400)],
)  # fmt: skip
def test_a_code_with_a_challenge_needs_its_verifier(
    sandbox: InProcessSandbox, challenge: str | None, verifier: str | None, status: int
) -> None:
    method = "S256" if challenge else None
    code = Browser(sandbox).consent(
        sandbox.officers()[0], code_challenge=challenge, code_challenge_method=method
    )["code"]
    more = {} if verifier is None else {"code_verifier": verifier}
    response = sandbox.token(
        sandbox.application,
        grant_type="authorization_code",
        code=code,
        redirect_uri=REDIRECT_URI,
        **more,
    )
    assert response.status_code == status
    if status == 400:
        assert_error(response, "invalid_grant")
        good = {"code_verifier": VERIFIER} if challenge else {}
        again = sandbox.token(
            sandbox.application,
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT_URI,
            **good,
        )
        assert again.status_code == 200, "a wrong verifier does not use up the code"


@pytest.mark.parametrize(
    ("challenge", "method"), [(CHALLENGE, None), (CHALLENGE, "plain"), ("short", "S256"), ("", "S256")]
)
def test_a_challenge_must_use_s256(sandbox: InProcessSandbox, challenge: str, method: str | None) -> None:
    page = Browser(sandbox).open(code_challenge=challenge, code_challenge_method=method)
    assert redirect_parameters(page)["error"] == "invalid_request"


def test_a_missing_or_unknown_code_is_rejected(sandbox: InProcessSandbox) -> None:
    assert_error(exchange(sandbox, "0" * 40), "invalid_grant")
    assert_error(sandbox.token(sandbox.application, grant_type="authorization_code"), "invalid_request")


def test_an_organizations_credentials_cannot_use_a_code(sandbox: InProcessSandbox) -> None:
    code = Browser(sandbox).consent(sandbox.officers()[0])["code"]
    for value in (code, "0" * 40):
        response = sandbox.token(own(sandbox), grant_type="authorization_code", code=value)
        assert_error(response, "invalid_grant")
    assert exchange(sandbox, code).status_code == 200


@pytest.mark.parametrize("redirect_uri", [None, "http://localhost:8000/elsewhere/"])
def test_the_redirect_uri_must_be_repeated(sandbox: InProcessSandbox, redirect_uri: str | None) -> None:
    code = Browser(sandbox).consent(sandbox.officers()[0])["code"]
    assert_error(exchange(sandbox, code, redirect_uri), "redirect_uri_mismatch")


def test_the_redirect_uri_can_be_omitted_in_both_requests(sandbox: InProcessSandbox) -> None:
    code = Browser(sandbox).consent(sandbox.officers()[0], redirect_uri=None)["code"]
    assert exchange(sandbox, code, None).status_code == 200


def refresh(sandbox: InProcessSandbox, token: str) -> requests.Response:
    return sandbox.token(sandbox.application, grant_type="refresh_token", refresh_token=token)


def test_refreshing_rotates_and_the_old_refresh_token_stops_working(sandbox: InProcessSandbox) -> None:
    first = sandbox.grant(sandbox.officers()[0])["refresh_token"]
    response = refresh(sandbox, first)
    assert response.status_code == 200
    assert response.json()["scope"] == "leadInteraction"
    assert response.json()["refresh_token"] != first
    assert_error(refresh(sandbox, first), "invalid_grant")
    assert refresh(sandbox, response.json()["refresh_token"]).status_code == 200


def test_a_refresh_token_is_valid_for_fourteen_days(sandbox: InProcessSandbox) -> None:
    token = sandbox.grant(sandbox.officers()[0])["refresh_token"]
    sandbox.post_control("clock", {"advance": 14 * DAY - 60})
    token = refresh(sandbox, token).json()["refresh_token"]
    sandbox.post_control("clock", {"advance": 14 * DAY + 60})
    assert_error(refresh(sandbox, token), "invalid_grant")


def test_another_client_cannot_use_a_refresh_token(sandbox: InProcessSandbox) -> None:
    token = sandbox.grant(sandbox.officers()[0])["refresh_token"]
    response = sandbox.token(own(sandbox), grant_type="refresh_token", refresh_token=token)
    assert response.status_code == 400
    assert refresh(sandbox, token).status_code == 200


def test_a_missing_refresh_token_is_rejected(sandbox: InProcessSandbox) -> None:
    assert_error(sandbox.token(sandbox.application, grant_type="refresh_token"), "invalid_request")


def test_an_access_token_is_valid_for_an_hour(sandbox: InProcessSandbox) -> None:
    caller = sandbox.admin()
    sandbox.post_control("clock", {"advance": 3590})
    assert caller.call("GET", "teapot").status_code == 418
    sandbox.post_control("clock", {"advance": 20})
    assert_error(caller.call("GET", "teapot"), "expired_token", 401)


def test_an_unknown_token_is_rejected(sandbox: InProcessSandbox) -> None:
    caller = sandbox.admin()
    caller.token = "0" * 40
    assert_error(caller.call("GET", "contacts"), "invalid_token", 401)


def test_a_request_without_a_token_is_rejected(sandbox: InProcessSandbox) -> None:
    response = sandbox.session().get(f"{BASE}/v1/contacts", timeout=5)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_insufficient_scope_is_rejected_as_documented(sandbox: InProcessSandbox) -> None:
    response = sandbox.admin(scope="loanInteraction").call("GET", "contacts")
    assert response.status_code == 401
    assert response.json() == {
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided by the access token",
    }


@pytest.mark.parametrize("path", ["users", "schema/custom-fields"])
def test_admin_resources_are_closed_to_users_whatever_the_scope(sandbox: InProcessSandbox, path: str) -> None:
    for user in (sandbox.officers()[0], sandbox.organization()["users"][0]):
        caller = sandbox.user(user, scope="leadInteraction getUsers describeSchema")
        assert_error(caller.call("GET", path), "insufficient_scope", 401)


def test_an_inactive_users_tokens_stop_working(sandbox: InProcessSandbox) -> None:
    user = sandbox.officers()[0]
    granted = sandbox.grant(user)
    assert sandbox.admin().update(f"users/{user['id']}", status=0).status_code == 200
    assert_error(refresh(sandbox, granted["refresh_token"]), "invalid_grant")
    caller = sandbox.admin()
    caller.token = granted["access_token"]
    assert_error(caller.call("GET", "contacts"), "invalid_token", 401)
