"""The sign-in and consent pages, and the redirect to the application."""

import requests

from tests.integrations.sandbox.clients import REDIRECT_URI, Browser, InProcessSandbox, redirect_parameters


def error_of(response: requests.Response) -> str:
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/json"
    assert "Location" not in response.headers
    return str(response.json()["error"])


def test_the_consent_page_names_application_organization_user_and_scopes(sandbox: InProcessSandbox) -> None:
    browser, user = Browser(sandbox), sandbox.officers()[0]
    page = browser.sign_in(browser.open(scope="leadInteraction getUsers"), user)
    assert page.status_code == 200
    for text in ("Partner Portal", "Cedar Home Lending", user["username"], "leadInteraction", "getUsers"):
        assert text in page.text
    assert "Allow" in page.text
    assert "Deny" in page.text


def test_the_sign_in_and_consent_pages_show_the_configured_application_name() -> None:
    sandbox = InProcessSandbox(application_name="Acme <Loans>")
    assert sandbox.credentials["application"]["name"] == "Acme <Loans>"
    browser = Browser(sandbox)
    page = browser.open()
    assert "Sign in to continue to Acme &lt;Loans&gt;" in page.text
    page = browser.sign_in(page, sandbox.officers()[0])
    assert "Allow Acme &lt;Loans&gt; to use your Total Expert data?" in page.text
    assert "Partner Portal" not in page.text


def test_allowing_redirects_with_a_code_and_the_state(sandbox: InProcessSandbox) -> None:
    response = Browser(sandbox).consent(sandbox.officers()[0], state="a b&c")
    assert response == {"code": response["code"], "state": "a b&c"}


def test_denying_redirects_with_access_denied_and_the_state(sandbox: InProcessSandbox) -> None:
    response = Browser(sandbox).consent(sandbox.officers()[0], action="deny")
    assert (response["error"], response["state"]) == ("access_denied", "xyz")
    assert response["error_description"]


def test_a_signed_in_user_goes_straight_to_the_consent_page(sandbox: InProcessSandbox) -> None:
    browser = Browser(sandbox)
    browser.sign_in(browser.open(), sandbox.officers()[0])
    assert sandbox.officers()[0]["username"] in browser.open(state="other").text


def test_another_user_can_sign_in_instead(sandbox: InProcessSandbox) -> None:
    browser = Browser(sandbox)
    first, second = sandbox.officers()[:2]
    page = browser.press(browser.sign_in(browser.open(), first), "switch")
    assert "Password" in page.text
    assert second["username"] in browser.sign_in(page, second).text


def test_an_unknown_client_gets_json_and_no_redirect(sandbox: InProcessSandbox) -> None:
    assert error_of(Browser(sandbox).open(client_id="nobody")) == "invalid_client"
    assert error_of(Browser(sandbox).open(client_id=None)) == "invalid_client"
    assert error_of(Browser(sandbox).open(client_id=sandbox.organization()["client_id"])) == "invalid_client"


def test_an_unregistered_redirect_uri_gets_json_and_no_redirect(sandbox: InProcessSandbox) -> None:
    assert error_of(Browser(sandbox).open(redirect_uri="https://evil.example/")) == "redirect_uri_mismatch"
    assert error_of(Browser(sandbox).open(redirect_uri=REDIRECT_URI + "more")) == "redirect_uri_mismatch"


def test_one_of_several_redirect_uris_must_be_given() -> None:
    sandbox = InProcessSandbox(redirect_uris=[REDIRECT_URI, "http://localhost:9000/back/"])
    assert error_of(Browser(sandbox).open(redirect_uri=None)) == "invalid_uri"
    assert Browser(sandbox).open(redirect_uri="http://localhost:9000/back/").status_code == 200


def test_a_missing_state_is_an_invalid_request(sandbox: InProcessSandbox) -> None:
    assert redirect_parameters(Browser(sandbox).open(state=None))["error"] == "invalid_request"


def test_another_response_type_is_an_invalid_request(sandbox: InProcessSandbox) -> None:
    response = redirect_parameters(Browser(sandbox).open(response_type="token"))
    assert (response["error"], response["state"]) == ("invalid_request", "xyz")


def test_an_unknown_scope_redirects_with_an_error(sandbox: InProcessSandbox) -> None:
    assert redirect_parameters(Browser(sandbox).open(scope="everything"))["error"] == "invalid_scope"


def test_a_form_without_its_csrf_token_has_no_effect(sandbox: InProcessSandbox) -> None:
    browser = Browser(sandbox)
    page = browser.sign_in(browser.open(), sandbox.officers()[0])
    response = browser.session.post(page.url, data={"action": "allow"}, allow_redirects=False, timeout=5)
    assert response.status_code == 403
    assert "Location" not in response.headers


def test_a_form_of_another_browser_has_no_effect(sandbox: InProcessSandbox) -> None:
    browser, other = Browser(sandbox), Browser(sandbox)
    page = browser.sign_in(browser.open(), sandbox.officers()[0])
    other.sign_in(other.open(), sandbox.officers()[1])
    assert other.press(page, "allow").status_code == 403


def test_a_wrong_password_shows_an_error_and_keeps_the_user_name(sandbox: InProcessSandbox) -> None:
    browser, user = Browser(sandbox), sandbox.officers()[0]
    page = browser.press(browser.open(), "sign-in", username=user["username"], password="wrong")
    assert page.status_code == 401
    assert 'role="alert"' in page.text
    assert f'value="{user["username"]}"' in page.text


def test_a_user_can_sign_in_with_their_email_address(sandbox: InProcessSandbox) -> None:
    browser, user = Browser(sandbox), sandbox.officers()[0]
    page = browser.press(browser.open(), "sign-in", username=user["email"], password=user["password"])
    assert "Allow" in page.text


def test_an_inactive_user_cannot_sign_in(sandbox: InProcessSandbox) -> None:
    browser = Browser(sandbox)
    inactive = next(user for user in sandbox.organization()["users"] if not user["active"])
    assert browser.sign_in(browser.open(), inactive).status_code == 401


def test_user_input_is_escaped(sandbox: InProcessSandbox) -> None:
    browser = Browser(sandbox)
    page = browser.press(browser.open(), "sign-in", username='"><script>', password="x")
    assert "<script>" not in page.text


def test_the_session_cookie_has_its_own_name_and_is_http_only(
    sandbox: InProcessSandbox,
) -> None:
    cookie = Browser(sandbox).open().headers["Set-Cookie"]
    assert cookie.startswith("te_sandbox=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_pages_cannot_be_framed_or_cached(sandbox: InProcessSandbox) -> None:
    headers = Browser(sandbox).open().headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_pages_have_language_title_main_landmark_and_heading(sandbox: InProcessSandbox) -> None:
    text = Browser(sandbox).open().text
    for part in ('<html lang="en">', "<title>", "<main>", "<h1>", "invented data"):
        assert part in text
    assert text.count("<label for=") == 2
