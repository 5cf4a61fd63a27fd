"""Journeys and main pages, in a browser on the demo."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible, assert_accessible_in_every_look
from tests.browser.actions import (
    FREE,
    SYNC_MS,
    allow_at_the_sandbox,
    create_organization,
    invite,
    sandbox_organization,
    sign_in_as,
)
from tests.browser.demo import Demo
from tests.browser.pictures import screenshot
from tests.browser.visitors import Visitors


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


def test_each_role_finds_every_screen_it_may_see_accessible(demo: Demo, page: Page) -> None:
    for role in ("operator", "admin", "editor", "viewer", "officer"):
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
    demo: Demo, page: Page
) -> None:
    page.goto(f"{demo.portal}/accounts/login/")
    assert_accessible_in_every_look(page, "sign-in")
    sign_in_as(page, demo, "operator")
    for name, path in MAIN.items():
        page.goto(demo.portal + path)
        assert_accessible_in_every_look(page, name)
    page.locator("table tbody a").first.wait_for(state="attached")


def test_a_contact_and_a_connection_show_what_they_must(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", "/organizations/cedar-home-lending/contacts/")
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


def test_every_other_page_is_accessible_too(demo: Demo, page: Page) -> None:
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
