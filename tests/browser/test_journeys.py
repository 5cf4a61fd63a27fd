"""The journeys of the README, walked in a browser on the demo."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.demo import Demo
from tests.browser.pictures import screenshot
from tests.browser.visitors import Visitors

#: Milliseconds for the worker to verify a connection and sync it.
SYNC_MS = 300_000
PASSWORD = "a-long-enough-password"
FREE = 4  #: the first of the sandbox's organizations that the story leaves to visitors


def sandbox_organization(demo: Demo, number: int = FREE) -> dict[str, Any]:
    import json
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{demo.sandbox}/_sandbox/credentials") as answer:
        found: dict[str, Any] = json.loads(answer.read())["organizations"][number]
    return found


def sign_in_as(page: Page, demo: Demo, role: str) -> None:
    """One click on the sign-in page."""
    page.goto(f"{demo.portal}/accounts/login/")
    expect(page.get_by_text("Outside the demo, operators need a second factor")).to_be_visible()
    page.get_by_role("button", name=re.compile(rf"\b{role}\b", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()


def create_organization(page: Page, demo: Demo, name: str) -> None:
    page.goto(f"{demo.portal}/organizations/")
    page.get_by_role("link", name="Create an organization").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def invite(page: Page, demo: Demo, slug: str, email: str, role: str) -> str:
    """Invite somebody. Answers the link that is shown once."""
    page.goto(f"{demo.portal}/organizations/{slug}/members/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Role").select_option(role)
    page.get_by_role("button", name=re.compile("^Invite")).click()
    link = page.locator("input[value*='/invitations/']").input_value()
    assert link.startswith(f"{demo.portal}/invitations/")
    return link


def allow_at_the_sandbox(page: Page, user: dict[str, Any], button: str = "Allow") -> None:
    page.get_by_label("User name or email").fill(user["username"])
    page.get_by_label("Password").fill(user["password"])
    page.get_by_role("button", name="Sign in").click()
    assert_accessible(page)
    page.get_by_role("button", name=button).click()


def test_from_an_empty_organization_to_browsing_its_contacts(demo: Demo, visitors: Visitors) -> None:
    operator, admin = visitors.new(), visitors.new()
    theirs = sandbox_organization(demo)
    sign_in_as(operator, demo, "operator")
    create_organization(operator, demo, "Lakeshore Lending")
    link = invite(operator, demo, "lakeshore-lending", "ada@lakeshore.example", "admin")
    operator.goto(demo.mail)
    expect(operator.get_by_role("link", name=link)).to_be_visible()

    admin.goto(link)
    expect(admin.get_by_text("Lakeshore Lending").first).to_be_visible()
    assert_accessible(admin)
    screenshot(admin, "invitation")
    admin.get_by_role("button", name="Accept").click()
    admin.get_by_label("Name").fill("Ada Byron")
    admin.get_by_label("Password").fill(PASSWORD)
    assert_accessible(admin)
    admin.get_by_role("button", name="Create account").click()
    expect(admin.get_by_role("button", name="Continue to Total Expert")).to_be_visible()
    assert_accessible(admin)
    screenshot(admin, "connect")
    admin.get_by_role("button", name="Continue to Total Expert").click()
    assert_accessible(admin)
    officer = next(user for user in theirs["users"] if not user["admin"])
    allow_at_the_sandbox(admin, officer)

    expect(admin.get_by_role("heading", name="Verification")).to_be_visible()
    browse = admin.get_by_role("link", name="Browse contacts")
    expect(browse).to_be_visible(timeout=SYNC_MS)
    assert_accessible(admin)
    screenshot(admin, "connected", whole_page=True)
    browse.click()
    expect(admin.get_by_role("heading", level=1, name="Contacts")).to_be_visible()
    first = admin.locator("table tbody tr").first
    name = first.get_by_role("link").first.inner_text()
    admin.get_by_role("searchbox").fill(name.split()[0][:12])
    expect(admin.locator("table tbody tr").first).to_contain_text(name.split()[0])
    admin.locator("table tbody tr").first.get_by_role("link").first.click()
    expect(admin.get_by_role("heading", level=1)).to_be_visible()
    assert_accessible(admin)


def test_a_loan_officer_consents_without_a_password(demo: Demo, visitors: Visitors) -> None:
    operator, officer = visitors.new(), visitors.new(phone=True)
    theirs = sandbox_organization(demo, FREE + 2)
    user = [user for user in theirs["users"] if not user["admin"]][1]
    sign_in_as(operator, demo, "operator")
    create_organization(operator, demo, "Hilltop Lending")
    link = invite(operator, demo, "hilltop-lending", user["email"], "officer")
    officer.goto(link)
    assert_accessible(officer)
    officer.get_by_role("button", name="Accept").click()
    officer.get_by_role("button", name="Continue to Total Expert").click()
    allow_at_the_sandbox(officer, user)
    expect(officer.get_by_role("link", name="Browse contacts")).to_be_visible(timeout=SYNC_MS)
    officer.goto(f"{demo.portal}/organizations/hilltop-lending/my-connection/")
    expect(officer.get_by_role("heading", name="Health")).to_be_visible()
    assert_accessible(officer)


def test_saying_no_is_fine_and_changes_nothing(demo: Demo, visitors: Visitors) -> None:
    page = visitors.new()
    sign_in_as(page, demo, "admin")
    page.goto(f"{demo.portal}/organizations/bluewater-mortgage/connect/")
    page.get_by_role("button", name="Continue to Total Expert").click()
    user = next(user for user in sandbox_organization(demo, 1)["users"] if user["admin"])
    allow_at_the_sandbox(page, user, "Deny")
    expect(page.get_by_text("You declined access. Nothing was changed.")).to_be_visible()
    assert_accessible(page)


def test_an_operator_pastes_client_credentials(demo: Demo, visitors: Visitors) -> None:
    page = visitors.new()
    theirs = sandbox_organization(demo, FREE + 1)
    sign_in_as(page, demo, "operator")
    create_organization(page, demo, "Prairie Loans")
    page.goto(f"{demo.portal}/organizations/prairie-loans/connect/")
    assert_accessible(page)
    page.get_by_label("Production").check()
    page.get_by_label("Client ID").fill(f"  {theirs['client_id']} ")
    page.get_by_label("Client secret").fill("not-the-secret")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("doesn't know this client ID and client secret").first).to_be_visible()
    page.get_by_role("link", name="Try again").click()
    page.get_by_label("Production").check()
    page.get_by_label("Client ID").fill(theirs["client_id"])
    page.get_by_label("Client secret").fill(f"{theirs['client_secret']}\n".strip() + " ")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("link", name="Browse contacts")).to_be_visible(timeout=SYNC_MS)


def test_each_role_finds_every_screen_it_may_see_accessible(demo: Demo, visitors: Visitors) -> None:
    for role in ("operator", "admin", "editor", "viewer", "officer"):
        page = visitors.new()
        sign_in_as(page, demo, role)
        links = page.get_by_role("navigation").get_by_role("link").evaluate_all("all => all.map(a => a.href)")
        for link in dict.fromkeys(links):
            page.goto(link)
            assert_accessible(page)


MAIN = {
    "home": "/",
    "organizations": "/organizations/",
    "organization": "/organizations/bluewater-mortgage/",
    "contacts": "/organizations/cedar-home-lending/contacts/",
    "jobs": "/jobs/",
    "settings": "/settings/",
}


def test_the_main_screens_pass_in_the_light_theme_the_dark_theme_and_on_a_phone(
    demo: Demo, visitors: Visitors
) -> None:
    for suffix, options in (("", {}), ("-dark", {"dark": True}), ("-phone", {"phone": True})):
        page = visitors.new(**options)
        page.goto(f"{demo.portal}/accounts/login/")
        assert_accessible(page)
        screenshot(page, f"sign-in{suffix}")
        sign_in_as(page, demo, "operator")
        for name, path in MAIN.items():
            page.goto(demo.portal + path)
            assert_accessible(page)
            width = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert width <= 0, f"{path} scrolls sideways{suffix}"
            screenshot(page, f"{name}{suffix}")
        page.locator("table tbody a").first.wait_for(state="attached")


def test_a_contact_and_a_connection_show_what_they_must(demo: Demo, visitors: Visitors) -> None:
    page = visitors.new()
    sign_in_as(page, demo, "operator")
    page.goto(f"{demo.portal}/organizations/cedar-home-lending/contacts/")
    page.locator("table tbody tr").first.get_by_role("link").first.click()
    assert_accessible(page)
    screenshot(page, "contact")
    page.goto(f"{demo.portal}/organizations/cedar-home-lending/")
    page.get_by_role("link", name=re.compile("Client credentials")).first.click()
    expect(page.get_by_text("leadInteraction").first).to_be_visible()
    assert_accessible(page)
    screenshot(page, "connection", whole_page=True)


SIGNED_OUT = ["/accounts/login/", "/accounts/login/code/", "/accounts/password/reset/", "/demo/mail/"]
OPERATORS = [
    "/organizations/new/",
    "/organizations/bluewater-mortgage/members/",
    "/organizations/bluewater-mortgage/connect/",
    "/account/",
    "/account/sessions/",
    "/settings/audit/",
    "/settings/environments/new/",
    "/settings/environments/ct/",
    "/settings/environments/production/application/",
]


def test_every_other_page_is_accessible_too(demo: Demo, visitors: Visitors) -> None:
    page = visitors.new()
    for path in SIGNED_OUT:
        page.goto(demo.portal + path)
        assert_accessible(page)
    sign_in_as(page, demo, "operator")
    for path in OPERATORS:
        answer = page.goto(demo.portal + path)
        assert answer is not None and answer.status == 200, path
        assert_accessible(page)
    page.goto(f"{demo.portal}/jobs/")
    page.locator("table tbody a").first.click()
    assert_accessible(page)
