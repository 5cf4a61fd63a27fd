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


def test_an_edit_that_may_email_people_stops_after_five_contacts(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", CEDAR + "contacts/?size=25")
    page.get_by_role("columnheader").get_by_label("These 25").check()
    page.get_by_role("button", name="Bulk edit").click()
    page.get_by_role("group", name="Add to groups").get_by_label("Referral Partner").check()
    page.get_by_role("button", name="Review changes").click()
    ready(page)
    expect(page.get_by_text("may start campaigns that email people")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"Change \d+ contacts")).click()
    expect(page.get_by_text("The first rows were sent: 5 done.")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("button", name=re.compile(r"Change the other \d+ contacts"))).to_be_visible()
    assert_accessible_in_every_look(page)
    page.get_by_role("button", name="Cancel this edit").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel this edit").click()
    facts = page.get_by_role("region", name="Result").locator("dl")
    expect(facts).to_contain_text("Canceled")
    expect(facts).to_contain_text("Changed5")


def test_contacts_are_found_chosen_and_edited_by_keyboard_only(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", CEDAR + "contacts/?size=25")
    press = page.keyboard.press
    tab_to(page, "input[type=search]")
    page.keyboard.type("an")
    expect(page).to_have_url(re.compile("q=an"))
    tab_to(page, "tbody a")
    name = page.evaluate("document.activeElement.textContent.trim()")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name.split()[0])
    page.go_back()
    expect(page.get_by_role("link", name=name).first).to_be_visible()
    tab_to(page, "tbody input[type=checkbox]")
    press("Space")
    press("Shift+ArrowDown")
    expect(page.get_by_role("status").filter(has_text="2 selected")).to_have_count(1)
    tab_to(page, "button:has-text('Bulk edit')", backwards=True)
    press("Enter")
    expect(page.get_by_text("about 2 contacts")).to_be_visible()
    tab_to(page, "select[name=field_1]")
    page.keyboard.type("Nickname")
    press("Tab")
    page.keyboard.type("Neighbor")
    tab_to(page, "button:has-text('Review changes')")
    press("Enter")
    ready(page)
    expect(page.get_by_role("row").filter(has_text="Neighbor")).to_have_count(2)


def tab_to(page: Page, selector: str, *, backwards: bool = False) -> None:
    """Press Tab until an element has the focus."""
    wanted = page.locator(selector)
    for _ in range(120):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if page.evaluate("nodes => nodes.includes(document.activeElement)", wanted.element_handles()):
            return
    raise AssertionError(f"Tab never reaches {selector}")
