"""Sign-in with passkeys, authenticator apps and recovery codes, in a browser, outside the demo."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.accessibility import assert_accessible, assert_accessible_in_every_look
from tests.browser.actions import by_password
from tests.browser.visitors import Visitors
from tests.portal.accounts import oidc_provider
from tests.portal.accounts.oidc_provider import Provider
from tests.portal.people import person, totp_code, with_app, with_recovery_codes

ADA, OLIVIA = "ada@cedar.example", "olivia@partner.example"


@pytest.fixture
def hosts(portal: str) -> set[str]:
    return {urlsplit(portal).netloc}


class Authenticator:
    """Chromium's virtual device, which stores passkeys and always recognizes its owner."""

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

    def recognizes_its_owner(self, yes: bool) -> None:
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": yes})


@pytest.fixture
def device(page: Page) -> Iterator[Authenticator]:
    made = Authenticator(page)
    yield made
    made.session.detach()


def sign_out(page: Page, portal: str) -> None:
    page.goto(f"{portal}/accounts/logout/")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def add_a_passkey(page: Page, *, works: bool = True) -> None:
    page.get_by_role("link", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Add a passkey")).to_be_visible()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add passkey").click()
    if works:
        expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()


def is_home(page: Page) -> None:
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()


def test_a_passkey_can_be_added_and_signs_in_on_its_own(
    portal: str, page: Page, device: Authenticator
) -> None:
    person(ADA)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/second-factor/")
    assert_accessible(page)
    add_a_passkey(page)
    assert_accessible(page)
    page.get_by_role("link", name="I've saved my codes").click()
    expect(page.get_by_role("link", name="Rename My laptop")).to_be_visible()
    assert_accessible(page)
    assert device.passkeys()[0]["isResidentCredential"]
    sign_out(page, portal)
    page.get_by_role("button", name="Sign in with a passkey").click()
    is_home(page)


def test_no_passkey_is_offered_without_javascript(portal: str, visitors: Visitors) -> None:
    page = visitors.new(javascript=False)
    page.goto(f"{portal}/accounts/login/")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_passkey_sign_in_returns_to_the_requested_page(
    portal: str, page: Page, device: Authenticator
) -> None:
    person(ADA)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/second-factor/")
    add_a_passkey(page)
    sign_out(page, portal)
    page.goto(f"{portal}/account/sessions/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1, name="Your sessions")).to_be_visible()


def test_a_passkey_completes_a_sign_in_by_password(portal: str, page: Page, device: Authenticator) -> None:
    person(ADA)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/second-factor/")
    add_a_passkey(page)
    sign_out(page, portal)
    by_password(page, portal, ADA)
    expect(page.get_by_role("heading", name="Verify it's you")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Use a passkey").click()
    is_home(page)


def test_a_failed_verification_on_the_device_is_explained(
    portal: str, page: Page, device: Authenticator
) -> None:
    person(ADA)
    by_password(page, portal, ADA)
    device.recognizes_its_owner(False)
    page.goto(f"{portal}/account/second-factor/")
    add_a_passkey(page, works=False)
    expect(page.get_by_role("alert")).to_contain_text("canceled or took too long")
    assert_accessible(page)


def test_a_passkey_can_be_renamed_and_removed(portal: str, page: Page, device: Authenticator) -> None:
    person(ADA)
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
    page.get_by_role("button", name="Remove passkey").click()
    expect(page.get_by_text("Passkey removed.")).to_be_visible()
    expect(page.get_by_text("The old laptop")).to_have_count(0)


def test_an_app_can_be_set_up_and_is_required_at_the_next_sign_in(portal: str, page: Page) -> None:
    person(ADA)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/second-factor/")
    page.get_by_role("link", name="Set up an app").click()
    picture = page.locator("img.qr")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0
    page.get_by_text("Can't scan it?").click()
    assert_accessible(page)
    secret = page.get_by_label("Key for the app").input_value()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Turn on").click()
    assert_accessible(page)
    page.get_by_label("Code").fill(totp_code(secret))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    codes = download.value.path().read_text()
    assert ADA in codes and codes.count("\n") > 10

    sign_out(page, portal)
    by_password(page, portal, ADA)
    expect(page.get_by_role("heading", name="Verify it's you")).to_be_visible()
    page.get_by_label("Code").fill(totp_code(secret, step=1))  # the first one is used
    page.get_by_role("button", name="Sign in", exact=True).click()
    is_home(page)


def test_a_recovery_code_replaces_a_lost_device_once(portal: str, page: Page) -> None:
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
    expect(page.get_by_text("wrong, expired or already used")).to_be_visible()
    assert_accessible(page)


def test_an_operator_has_to_set_up_a_second_factor_first(
    portal: str, page: Page, device: Authenticator
) -> None:
    person(OLIVIA, operator=True, factor=False)
    by_password(page, portal, OLIVIA)
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    assert_accessible(page)
    page.goto(f"{portal}/settings/")
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    add_a_passkey(page)
    page.goto(f"{portal}/settings/")
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()


def test_single_sign_on_returns_to_the_requested_page(portal: str, visitors: Visitors, settings: Any) -> None:
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


def test_an_account_can_be_deleted(portal: str, page: Page) -> None:
    person(ADA)
    by_password(page, portal, ADA)
    page.goto(f"{portal}/account/")
    page.get_by_role("link", name="Delete account").click()
    page.get_by_label("Enter your email").fill(ADA)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Your account was deleted.")).to_be_visible()
    by_password(page, portal, ADA)
    expect(page.get_by_text("Incorrect email or password")).to_be_visible()


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
    "accounts/single-sign-on/canceled/",
]


def test_every_sign_in_and_account_page_is_accessible_and_fits_the_window(
    portal: str, page: Page, device: Authenticator
) -> None:
    person(ADA)
    page.goto(f"{portal}/accounts/login/")
    assert_accessible_in_every_look(page)
    by_password(page, portal, ADA)
    is_home(page)
    page.goto(f"{portal}/account/second-factor/app/")
    assert_accessible_in_every_look(page)
    page.goto(f"{portal}/account/second-factor/")
    add_a_passkey(page)
    for address in PAGES:
        page.goto(f"{portal}/{address}")
        assert_accessible_in_every_look(page)
