"""Groups in a browser, from a new group that new contacts need to a contact that joined it."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible, assert_accessible_in_every_look
from tests.browser.actions import sign_in_as
from tests.browser.demo import Demo

GROUPS = "/organizations/cedar-home-lending/groups/"
NAME = "Lakeside open house"


def ended(page: Page, button: str) -> None:
    """Apply the plan on the page, and wait until it has ended."""
    page.get_by_role("button", name=re.compile(button)).click()
    expect(page.get_by_role("row").filter(has_text="Done").first).to_be_visible(timeout=120_000)


def test_a_required_group_is_created_and_the_contacts_that_lack_it_join_it(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", GROUPS)
    page.get_by_role("link", name="New group").click()
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_label("Some owners").check()
    page.get_by_role("group", name="Owners").get_by_role("checkbox").first.check()
    assert_accessible_in_every_look(page)
    page.get_by_role("button", name="Review group").click()
    expect(page.get_by_role("heading", level=1, name=f"Create the group “{NAME}”")).to_be_visible()
    assert_accessible_in_every_look(page)
    ended(page, "Create 1 group")

    page.goto(demo.portal + GROUPS + "required/")
    page.get_by_label("Name").fill(NAME.upper())
    page.get_by_role("button", name="Record").click()
    required = page.get_by_role("region", name="Required groups")
    expect(required.get_by_role("button", name=re.compile(r"^Create it for \d+ owner"))).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name=re.compile(r"^Fix .*contact")).click()
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    expect(page.get_by_text(re.compile("The contact's owner has no group")).first).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^\d+$")).first.click()  # those that will change
    name = page.get_by_role("rowheader").get_by_role("link").first.inner_text()
    page.get_by_role("button", name=re.compile(r"^Change \d+ contact")).click()
    page.get_by_role("button", name=re.compile("^Change the other")).click(timeout=120_000)
    expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("Done", timeout=120_000)
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="Groups", exact=True).last.click()
    for _ in range(60):  # the sync that follows the edit shows its result
        if page.get_by_role("main").get_by_text(NAME).first.is_visible():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.get_by_role("main").get_by_text(NAME).first).to_be_visible()

    page.goto(demo.portal + GROUPS + "?q=lakeside")
    page.get_by_role("link", name=NAME, exact=True).click()
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("link", name="Remove it from the required groups")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Remove it from the required groups").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No required groups")).to_be_visible()
