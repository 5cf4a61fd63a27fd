"""Groups in a browser: a required group is recorded, and the contacts that lack it are found."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible, assert_accessible_in_every_look
from tests.browser.actions import sign_in_as
from tests.browser.demo import Demo

GROUPS = "/organizations/cedar-home-lending/groups/"


def test_a_required_group_is_recorded_and_its_gaps_are_found(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", GROUPS)
    line = page.get_by_role("row", name=re.compile("^Past Client "))
    expect(line).to_contain_text(re.compile(r"\d+ owners"))
    line.get_by_role("link", name="Past Client", exact=True).click()
    expect(page.get_by_role("link", name="Past Client", expanded=True)).to_be_visible()
    assert_accessible(page)
    page.locator("tr.inside").first.locator("td").nth(0).click()
    expect(page.get_by_role("heading", level=1, name="Past Client")).to_be_visible()
    assert_accessible(page)
    page.goto(demo.portal + GROUPS + "required/")
    page.get_by_label("Name").fill("past client")
    page.get_by_role("button", name="Record").click()
    required = page.get_by_role("region", name="Required groups")
    expect(required.get_by_role("link", name="Past Client")).to_be_visible()
    assert_accessible(page)
    lacking = required.get_by_role("link", name=re.compile(r"contacts? lacks? it$"))
    count = re.sub(r"\D", "", lacking.inner_text())
    lacking.click()
    expect(page.get_by_role("link", name="Missing required group Past Client")).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages")).to_contain_text(f"of {count}")
    page.goto(demo.portal)
    expect(page.get_by_text(re.compile("contacts? lacks? a required group")).first).to_be_visible()
    page.goto(demo.portal + GROUPS + "required/")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No required groups")).to_be_visible()


def test_the_pages_of_groups_are_accessible_and_fit(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator")
    for organization in ("cedar-home-lending", "bluewater-mortgage", "summit-ridge-financial"):
        for path in ("groups/", "groups/required/", "groups/?open=past+client"):
            page.goto(f"{demo.portal}/organizations/{organization}/{path}")
            assert_accessible_in_every_look(page)
