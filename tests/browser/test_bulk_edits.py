"""A bulk edit in a browser, from a filter to the undo."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible, assert_accessible_in_every_look
from tests.browser.actions import sign_in_as
from tests.browser.demo import Demo
from tests.browser.pictures import screenshot

CEDAR = "/organizations/cedar-home-lending/"


def ready(page: Page) -> None:
    """Wait until the plan on a page is prepared: the page reloads itself."""
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()


def applied(page: Page, name: str) -> None:
    """Wait until the edit is applied and a contact in it is done."""
    expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("Done", timeout=120_000)
    expect(page.get_by_role("heading", name="Result")).to_be_visible()


def shows(page: Page, name: str, text: str, *, visible: bool) -> None:
    """Open a contact of the edit, and wait until the sync that follows the edit shows its result."""
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="All fields").click()
    for _ in range(60):
        if page.get_by_text(text).is_visible() is visible:
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(f"“{text}” is {'not ' if visible else ''}shown")


def test_contacts_of_a_filter_are_changed_and_put_back(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", CEDAR + "contacts/?ok_to_mail=no")
    page.locator("tbody input[type=checkbox]").nth(0).check()
    page.locator("tbody input[type=checkbox]").nth(1).check()
    names = [page.locator("tbody tr").nth(number).get_by_role("link").first.inner_text() for number in (0, 1)]
    page.get_by_role("button", name="Bulk edit").click()
    expect(page.get_by_text("about 2 contacts")).to_be_visible()
    page.get_by_label("Field 1").select_option("employer_name")
    page.get_by_label("New value 1").fill("Ironworks & Sons")
    assert_accessible(page)
    page.get_by_role("button", name="Review changes").click()
    ready(page)
    for name in names:
        row = page.get_by_role("row").filter(has_text=name)
        expect(row).to_contain_text("Will change")
        expect(row).to_contain_text("Ironworks & Sons")
    assert_accessible_in_every_look(page)
    screenshot(page, "bulk-edit")
    page.get_by_role("button", name="Change 2 contacts").click()
    applied(page, names[0])
    shows(page, names[0], "Ironworks & Sons", visible=True)

    page.goto(demo.portal + CEDAR + "bulk-edits/")
    page.get_by_role("link", name=re.compile("Set Employer to")).first.click()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Plan an undo").click()
    ready(page)
    page.get_by_role("button", name="Change 2 contacts").click()
    applied(page, names[0])
    shows(page, names[0], "Ironworks & Sons", visible=False)


def test_the_pages_of_bulk_edits_are_accessible_and_fit(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "editor", CEDAR + "bulk-edits/")
    assert_accessible_in_every_look(page)
    page.get_by_role("link", name=re.compile("Referred by")).first.click()
    expect(page.get_by_role("heading", name="Contacts")).to_be_visible()
    assert_accessible_in_every_look(page)
