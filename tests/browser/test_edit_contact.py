"""One contact is edited in a browser, from its page to Total Expert, and a conflict is decided."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible_in_every_look
from tests.browser.actions import sign_in_as
from tests.browser.demo import Demo

CEDAR = "/organizations/cedar-home-lending/"


def plan_employer(page: Page, contact: str, employer: str) -> str:
    """Edit a contact's employer on its page, as far as the plan. Return the plan's address."""
    page.goto(contact)
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Employer", exact=True).fill(employer)
    page.get_by_role("button", name="Review changes").click()
    expect(page.get_by_role("row").filter(has_text=employer)).to_contain_text("Will change")
    return page.url


def apply(page: Page, plan: str, outcome: str) -> None:
    page.goto(plan)
    page.get_by_role("button", name="Change 1 contact").click()
    expect(page.get_by_role("heading", name="Result")).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text(outcome, timeout=120_000)


def test_a_contact_is_edited_and_a_conflict_is_decided(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", CEDAR + "contacts/")
    page.locator("tbody tr").nth(3).get_by_role("link").first.click()
    expect(page.get_by_role("link", name="Edit", exact=True)).to_be_visible()
    contact = page.url
    page.get_by_role("link", name="Edit", exact=True).click()
    assert_accessible_in_every_look(page, "contact-edit")
    first = plan_employer(page, contact, "Ironworks & Sons")
    second = plan_employer(page, contact, "Harbor Works")
    apply(page, first, "Done")
    apply(page, second, "Changed since the plan")
    for _ in range(60):  # the sync that follows the first edit shows its value
        page.goto(second)
        if page.get_by_role("row").nth(1).get_by_text("Ironworks & Sons").is_visible():
            break
        page.wait_for_timeout(1000)
    expect(page.get_by_role("columnheader", name="Now")).to_be_visible()
    assert_accessible_in_every_look(page, "contact-conflict")
    page.get_by_role("button", name=re.compile("^Use mine")).click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Done", timeout=120_000)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Harbor Works")


def test_new_contacts_and_bulk_edits_are_accessible(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", CEDAR + "contacts/")
    page.locator("tbody input[type=checkbox]").nth(0).check()
    page.get_by_role("button", name="Bulk edit").click()
    page.get_by_label("Field 1").select_option("ok_to_call")
    expect(page.locator("select[name=value_1]")).to_be_visible()
    for name in ("Find and replace", "Owner", "Delete"):
        page.locator("summary", has_text=name).click()
    assert_accessible_in_every_look(page, "bulk-edit-form")
    page.goto(demo.portal + CEDAR + "contacts/")
    page.get_by_role("button", name="More", exact=True).first.click()
    page.get_by_role("link", name="New contact").click()
    assert_accessible_in_every_look(page, "contact-new")
