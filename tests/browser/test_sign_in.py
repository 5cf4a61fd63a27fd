"""Signing in with passkeys, authenticator apps and recovery codes, in a browser, on a portal that is no demo."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.accessibility import assert_accessible
from tests.browser.visitors import Visitors
from tests.portal.accounts import oidc_provider
from tests.portal.accounts.oidc_provider import Provider
from tests.portal.people import PASSWORD, person, totp_code, with_app, with_recovery_codes

ADA, OLIVIA = "ada@cedar.example", "olivia@partner.example"


@pytest.fixture
def portal(browser: Browser, live_server: LiveServer, settings: Any) -> str:
    """The portal of this process, with this test's database. Asks for the browser first, as `demo` does."""
    settings.PORTAL_URL = str(live_server.url)
    return str(live_server.url)


@pytest.fixture
def hosts(portal: str) -> set[str]:
    return {urlsplit(portal).netloc}


class Authenticator:
    """A device of Chromium's own making, that holds passkeys and always recognises its owner."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})[
            "authenticatorId"
        ]

    def passkeys(self) -> list[dict[str, Any]]:
        found = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return list(found["credentials"])

    def recognises_its_owner(self, yes: bool) -> None:
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": yes})


def by_password(page: Page, portal: str, email: str) -> None:
    page.goto(f"{portal}/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_navigation():  # opening another page before the answer is there would cancel the sign-in
        page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page, portal: str) -> None:
    page.goto(f"{portal}/accounts/logout/")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def add_a_passkey(page: Page, *, works: bool = True) -> None:
    page.get_by_role("link", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Add a passkey")).to_be_visible()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add it").click()
    if works:
        expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()


def is_home(page: Page) -> None:
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()


def test_a_passkey_is_registered_and_signs_in_alone(portal: str, page: Page) -> None:
    person(ADA)
    device = Authenticator(page)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/second-factor/")
    assert_accessible(page)
    add_a_passkey(page)
    assert_accessible(page)
    page.get_by_role("link", name="go on").click()
    expect(page.get_by_role("link", name="Rename My laptop")).to_be_visible()
    assert_accessible(page)
    assert device.passkeys()[0]["isResidentCredential"]
    sign_out(page, portal)
    page.get_by_role("button", name="Sign in with a passkey").click()
    is_home(page)


def test_no_passkey_is_offered_before_its_script_is_there(portal: str, visitors: Visitors) -> None:
    page = visitors.new(javascript=False)
    page.goto(f"{portal}/accounts/login/")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_passkey_leads_on_to_the_page_one_came_for(portal: str, page: Page) -> None:
    person(ADA)
    Authenticator(page)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/second-factor/")
    add_a_passkey(page)
    sign_out(page, portal)
    page.goto(f"{portal}/account/sessions/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1, name="Your sessions")).to_be_visible()


def test_a_passkey_completes_a_sign_in_by_password(portal: str, page: Page) -> None:
    person(ADA)
    Authenticator(page)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/second-factor/")
    add_a_passkey(page)
    sign_out(page, portal)
    by_password(page, portal, ADA)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Use a passkey").click()
    is_home(page)


def test_a_device_that_does_not_know_the_person_gets_a_sentence(portal: str, page: Page) -> None:
    person(ADA)
    device = Authenticator(page)
    by_password(page, portal, ADA)
    device.recognises_its_owner(False)
    page.goto(f"{portal}/account/second-factor/")
    add_a_passkey(page, works=False)
    expect(page.get_by_role("alert")).to_contain_text("Nothing was confirmed")
    assert_accessible(page)


def test_a_passkey_is_renamed_and_removed(portal: str, page: Page) -> None:
    person(ADA)
    Authenticator(page)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/second-factor/")
    add_a_passkey(page)
    page.goto(f"{portal}/account/second-factor/")
    page.get_by_role("link", name="Rename My laptop").click()
    assert_accessible(page)
    page.get_by_label("Name").fill("The old laptop")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Remove The old laptop").click()
    assert_accessible(page)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    expect(page.get_by_text("The old laptop")).to_have_count(0)


def test_an_app_is_set_up_and_asked_for_at_the_next_sign_in(portal: str, page: Page) -> None:
    person(ADA)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/second-factor/")
    page.get_by_role("link", name="Set up an app").click()
    picture = page.locator("img.qr")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0
    page.get_by_text("Cannot scan?").click()
    assert_accessible(page)
    secret = page.get_by_label("Key for the app").input_value()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Turn it on").click()
    assert_accessible(page)
    page.get_by_label("Code").fill(totp_code(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    codes = download.value.path().read_text()
    assert ADA in codes and codes.count("\n") > 10

    sign_out(page, portal)
    by_password(page, portal, ADA)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_label("Code").fill(totp_code(secret, step=1))  # the first one is used
    page.get_by_role("button", name="Sign in", exact=True).click()
    is_home(page)


def test_a_recovery_code_stands_in_for_a_lost_device_once(portal: str, page: Page) -> None:
    user = person(ADA)
    with_app(user)
    code = with_recovery_codes(user)[3]
    for works in (True, False):
        by_password(page, portal, ADA)
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Sign in", exact=True).click()
        if works:
            is_home(page)
            sign_out(page, portal)
    expect(page.get_by_text("not a code that works")).to_be_visible()
    assert_accessible(page)


def test_an_operator_sets_up_a_second_factor_before_anything_else(portal: str, page: Page) -> None:
    person(OLIVIA, operator=True, factor=False)
    Authenticator(page)
    by_password(page, portal, OLIVIA)
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    assert_accessible(page)
    page.goto(f"{portal}/settings/")
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    add_a_passkey(page)
    page.goto(f"{portal}/settings/")
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()


def test_a_company_signs_its_people_in(portal: str, visitors: Visitors, settings: Any) -> None:
    person(ADA)
    provider = Provider()
    visitors.hosts.add(urlsplit(provider.issuer).netloc)
    provider.claims = {"sub": "ada-1", "email": ADA, "email_verified": True}
    settings.OIDC_ISSUER, settings.OIDC_NAME, settings.OIDC_ALLOWED = provider.issuer, "Cedar ID", [ADA]
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = (
        oidc_provider.CLIENT_ID,
        oidc_provider.CLIENT_SECRET,
    )
    page = visitors.new()
    try:
        page.goto(f"{portal}/account/sessions/")
        assert_accessible(page)
        page.get_by_role("link", name="Sign in with Cedar ID").click()
        expect(page.get_by_role("heading", level=1, name="Your sessions")).to_be_visible()
    finally:
        provider.close()


def test_somebody_deletes_their_account(portal: str, page: Page) -> None:
    person(ADA)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/")
    page.get_by_role("link", name="Delete your account").click()
    page.get_by_label("Your e-mail").fill(ADA)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Your account is deleted.")).to_be_visible()
    by_password(page, portal, ADA)
    expect(page.get_by_text("do not go together")).to_be_visible()


PAGES = [
    "account/second-factor/",
    "account/second-factor/app/",
    "account/second-factor/passkeys/add/",
    "account/second-factor/recovery-codes/",
    "account/second-factor/recovery-codes/generate/",
    "accounts/confirm/",
    "accounts/confirm/code/",
    "accounts/confirm/passkey/",
    "account/",
    "account/sessions/",
    "account/delete/",
    "accounts/single-sign-on/cancelled/",
]


@pytest.fixture(params=["light", "dark", "phone"])
def look(request: pytest.FixtureRequest, visitors: Visitors) -> Iterator[Page]:
    yield visitors.new(dark=request.param == "dark", phone=request.param == "phone")


def test_every_page_of_signing_in_is_accessible_in_every_look(portal: str, look: Page) -> None:
    person(ADA)
    Authenticator(look)
    look.goto(f"{portal}/accounts/login/")
    assert_accessible(look)
    by_password(look, portal, ADA)
    is_home(look)
    look.goto(f"{portal}/account/second-factor/app/")
    assert_accessible(look)
    look.goto(f"{portal}/account/second-factor/")
    add_a_passkey(look)
    for address in PAGES:
        look.goto(f"{portal}/{address}")
        assert_accessible(look)
        width = look.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{address} is wider than the window by {width} px"
