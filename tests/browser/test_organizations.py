"""Organizations in a browser: the list with its filters, an organization's tabs, and renaming."""

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.accessibility import assert_accessible, assert_accessible_in_every_look
from tests.browser.actions import create_organization, sign_in_as
from tests.browser.demo import Demo

CEDAR = "/organizations/cedar-home-lending/"
PAGES = (
    "/organizations/",
    "/organizations/imports/",
    "/organizations/add-many/",
    CEDAR,
    f"{CEDAR}members/",
    f"{CEDAR}connections/",
    f"{CEDAR}connect/",
    f"{CEDAR}edit/",
    "/organizations/summit-ridge-financial/",
    "/organizations/summit-ridge-financial/members/",
)


def test_the_pages_of_organizations_are_accessible_and_fit(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator")
    for path in PAGES:
        page.goto(demo.portal + path)
        assert_accessible_in_every_look(page)


def test_the_list_is_filtered_while_typing_and_its_rows_open(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", "/organizations/")
    rows = page.locator("tbody tr")
    expect(rows.filter(has_text="Bluewater Mortgage")).to_be_visible()
    page.get_by_role("searchbox", name="Name").fill("CEDAR h")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=CEDAR"))
    page.get_by_role("link", name=re.compile("^Live")).click()
    expect(page).to_have_url(re.compile("stage=live"))
    expect(page.get_by_role("searchbox", name="Name")).to_have_value("CEDAR h")
    rows.first.locator("td").nth(3).click()
    expect(page.get_by_role("heading", level=1, name="Cedar Home Lending")).to_be_visible()
    page.get_by_role("link", name="Connections", exact=True).click()
    expect(page).to_have_url(f"{demo.portal}{CEDAR}connections/")
    expect(page.locator("tbody tr").first).to_contain_text("Client credentials")


def test_an_operator_renames_an_organization(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator")
    create_organization(page, demo, "Prairie Home Loans")
    address = page.url
    page.get_by_role("button", name="More").click()
    assert_accessible(page)
    page.get_by_role("link", name="Rename or change account owner").click()
    page.get_by_label("Name").fill("cedar home  LENDING")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("An organization with this name already exists.")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Name").fill("Prairie Home Loans")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="Prairie Home Loans")).to_be_visible()
    assert page.url == address


#: Keeps what a page wants to do in five seconds or later, for a test that doesn't wait so long.
KEEP_LONG_WAITS = """() => {
  const start = setTimeout;
  window.kept = [];
  window.setTimeout = (task, milliseconds) =>
    milliseconds >= 5000 ? kept.push({ task, milliseconds }) : start(task, milliseconds);
}"""


def test_a_button_is_disabled_while_its_form_is_sent(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", "/organizations/new/")

    def answer_without_a_page(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=204)
        else:
            route.continue_()

    page.route("**/organizations/new/", answer_without_a_page)
    page.evaluate(KEEP_LONG_WAITS)
    page.get_by_label("Name").fill("Twice Pressed Lending")
    button = page.get_by_role("button", name="Create")
    button.click()
    expect(button).to_be_disabled()
    assert page.evaluate("kept.map(wait => wait.milliseconds)") == [10_000]
    page.evaluate("kept[0].task()")
    expect(button).to_be_enabled()
