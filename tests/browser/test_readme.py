"""The README's numbered steps, carried out as they are written. The README's pictures come from the same run."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pictures
from tests.browser.accessibility import assert_accessible
from tests.browser.actions import (
    FREE,
    SYNC_MS,
    allow_at_the_sandbox,
    click_persona,
    create_organization,
    invite,
    sandbox_organization,
    sign_in_as,
)
from tests.browser.demo import Demo
from tests.browser.readme import Step, steps
from tests.browser.visitors import Visitors

NAME, SLUG = "Lakeshore Lending", "lakeshore-lending"
PASSWORD = "a-long-enough-password"


@dataclass
class Reader:
    """Someone who follows the README, with a window for each of the people they sign in as."""

    demo: Demo
    visitors: Visitors
    olivia: Page
    admin: Page
    invitation: str = ""
    pictures: set[str] = field(default_factory=set)
    user: dict[str, Any] = field(default_factory=dict)

    def take_picture(self, page: Page, name: str) -> None:
        pictures.for_readme(page, name)
        self.pictures.add(name)


@pytest.fixture
def reader(demo: Demo, visitors: Visitors) -> Reader:
    return Reader(demo, visitors, olivia=visitors.new(), admin=visitors.new())


def test_the_readme_does_what_it_says(reader: Reader) -> None:
    found = steps()
    assert len(found) == len(STEPS)
    for step, carry_out in zip(found, STEPS, strict=True):
        carry_out(step, reader)
        step.finish()
    assert reader.pictures == pictures.readme_pictures()


def invite_an_admin(step: Step, reader: Reader) -> None:
    page, demo = reader.olivia, reader.demo
    click_persona(page, demo, "operator")
    expect(page.get_by_role("heading", level=1, name=step.name("Home"))).to_be_visible()
    expect(page.get_by_text("Access expires soon")).to_be_visible()
    reader.take_picture(page, "home")
    show_a_connection(reader)
    open_from_menu(page, step.name("Organizations"))
    customers = page.locator("tbody tr")
    expect(customers.filter(has_text="Summit Ridge Financial")).to_contain_text("Olivia Park")
    page.get_by_role("link", name=step.name("Create an organization")).click()
    page.get_by_label("Name").fill(NAME)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    page.get_by_role("main").get_by_role("link", name=step.name("Members")).first.click()
    reader.invitation = invite(page, demo, SLUG, "ada@lakeshore.example", "admin")
    page.goto(step.address(demo, "http://localhost:8000/demo/mail/"))
    expect(page.get_by_role("link", name=reader.invitation)).to_be_visible()


def show_a_connection(reader: Reader) -> None:
    """The README's two other pictures: contacts, and the connection that was opened from Home."""
    page, demo = reader.visitors.new(), reader.demo
    sign_in_as(page, demo, "operator", "/organizations/cedar-home-lending/contacts/")
    expect(page.get_by_role("heading", level=1, name="Contacts")).to_be_visible()
    reader.take_picture(page, "contacts")
    page.goto(f"{demo.portal}/organizations/bluewater-mortgage/")
    page.get_by_role("link", name=re.compile("'s connection")).first.click()
    expect(page.get_by_text("leadInteraction").first).to_be_visible()
    reader.take_picture(page, "connection")


def connect(step: Step, reader: Reader) -> None:
    page = reader.admin
    page.goto(reader.invitation)
    assert_accessible(page)
    page.get_by_role("button", name=step.name("Accept")).click()
    page.get_by_label("Name").fill("Ada Byron")
    page.get_by_label("Password").fill(PASSWORD)
    assert_accessible(page)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("button", name=step.name("Continue to Total Expert"))).to_be_visible()
    assert_accessible(page)
    reader.take_picture(page, "connect")
    page.get_by_role("button", name="Continue to Total Expert").click()
    reader.user = a_listed_officer(step, reader)
    allow_at_the_sandbox(page, reader.user, step.name("Allow"))
    expect(page.get_by_role("heading", name="Verification")).to_be_visible()
    browse = page.get_by_role("link", name=step.name("Browse contacts"))
    expect(browse).to_be_visible(timeout=SYNC_MS)
    assert_accessible(page)
    browse.click()
    expect(page.get_by_role("heading", level=1, name="Contacts")).to_be_visible()
    search_and_open_a_contact(page)
    connect_the_wrong_organization(reader)


def a_listed_officer(step: Step, reader: Reader) -> dict[str, Any]:
    """Return a loan officer, as a reader finds one: on the sandbox's start page."""
    page = reader.visitors.new()
    page.goto(step.address(reader.demo, "http://127.0.0.1:8001"))
    listed = page.locator("details", has=page.locator("summary", has_text=NAME))
    listed.locator("summary").click()
    users = sandbox_organization(reader.demo, FREE)["users"]
    officer: dict[str, Any] = next(user for user in users if not user["admin"])
    row = listed.get_by_role("row").filter(has_text=officer["username"]).first
    expect(row).to_contain_text(officer["password"])
    return officer


def search_and_open_a_contact(page: Page) -> None:
    first = page.locator("table tbody tr").first
    name = first.get_by_role("link").first.inner_text()
    page.get_by_role("searchbox").fill(name.split()[0][:12])
    expect(page.locator("table tbody tr").first).to_contain_text(name.split()[0])
    page.locator("table tbody tr").first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert_accessible(page)


def connect_the_wrong_organization(reader: Reader) -> None:
    """A user of Cedar allows access for Meadow: Cedar's contacts are connected to Cedar already."""
    page, demo = reader.visitors.new(), reader.demo
    create_organization(reader.olivia, demo, "Meadow Lending")
    user = [user for user in sandbox_organization(demo, 0)["users"] if not user["admin"]][1]
    page.goto(invite(reader.olivia, demo, "meadow-lending", user["email"], "officer"))
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Continue to Total Expert").click()
    allow_at_the_sandbox(page, user)
    expect(page.get_by_text("another organization").first).to_be_visible(timeout=SYNC_MS)
    expect(page.get_by_role("link", name="Browse contacts")).to_have_count(0)


def look_as_an_officer(step: Step, reader: Reader) -> None:
    page = reader.visitors.new()
    sign_in_as(page, reader.demo, "officer")
    open_from_menu(page, step.name("My contacts"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#content")).to_contain_text("contacts")
    assert_accessible(page)


def go_wrong(step: Step, reader: Reader) -> None:
    demo = reader.demo
    stranger = reader.visitors.new()
    stranger.goto(reader.invitation)
    reader.visitors.forgive(stranger, "410 (Gone)")
    expect(stranger.get_by_text(re.compile("was already used")).first).to_be_visible()

    page = reader.admin
    page.goto(f"{demo.portal}/organizations/{SLUG}/connect/")
    page.get_by_role("button", name="Continue to Total Expert").click()
    button = page.get_by_role("button", name=step.name("Deny"))
    if not button.is_visible():  # signed in there already, or not
        page.get_by_label("User name or email").fill(reader.user["username"])
        page.get_by_label("Password").fill(reader.user["password"])
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    button.click()
    expect(page.get_by_text("Nothing was changed. You can connect at any time.")).to_be_visible()
    assert_accessible(page)

    page = reader.olivia
    theirs = sandbox_organization(demo, FREE + 1)
    create_organization(page, demo, "Prairie Loans")
    page.goto(f"{demo.portal}/organizations/prairie-loans/connect/")
    assert_accessible(page)
    paste(page, theirs["client_id"], "not-the-secret")
    expect(page.get_by_text("doesn't know this client ID and client secret").first).to_be_visible()
    page.get_by_role("link", name="Try again").click()
    paste(page, f"  {theirs['client_id']} ", f"{theirs['client_secret']} ")
    expect(page.get_by_role("link", name="Browse contacts")).to_be_visible(timeout=SYNC_MS)


def paste(page: Page, client_id: str, client_secret: str) -> None:
    page.get_by_label("Production").check()
    page.get_by_label("Client ID").fill(client_id)
    page.get_by_label("Client secret").fill(client_secret)
    page.get_by_role("button", name="Connect").click()


def look_at_the_limits(step: Step, reader: Reader) -> None:
    page = reader.olivia
    open_from_menu(page, step.name("Settings"))
    page.get_by_role("link", name=step.name("Limits and addresses")).click()
    expect(page.get_by_text("of 900").first).to_be_visible()
    expect(page.get_by_role("button", name="Stop all calls to Total Expert")).to_be_visible()
    limits = page.url
    page.get_by_role("link", name=step.name("Token queue")).click()
    expect(page.get_by_role("heading", level=1, name="Token queue")).to_be_visible()
    page.goto(limits)
    page.get_by_role("link", name=step.name("Capacity")).click()
    page.get_by_role("spinbutton", name="Organizations").fill("200")
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", name="outbound IP address")).to_be_visible()
    assert step.demo_options() == ["--tokens-per-hour", "2"]  # test_limits starts such a demo


def open_from_menu(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True).first.click()


STEPS: list[Callable[[Step, Reader], None]] = [
    invite_an_admin,
    connect,
    look_as_an_officer,
    go_wrong,
    look_at_the_limits,
]
