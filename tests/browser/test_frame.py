"""The frame in a browser: the switcher, the menu on a phone, themes, times in the viewer's zone, icons."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.actions import sign_in_as
from tests.browser.demo import Demo
from tests.browser.visitors import Visitors

CONTACTS = "/organizations/cedar-home-lending/contacts/"
#: Whether an icon's symbol was found in the sprite and drawn: otherwise it has no size.
DRAWN = "icons => icons.map(icon => icon.querySelector('use').getBBox().width > 0)"


def open_switcher(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Organization:")).click()
    expect(page.get_by_role("searchbox", name="Find an organization")).to_be_focused()


def test_the_switcher_searches_and_stays_on_the_section(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", CONTACTS)
    open_switcher(page)
    menu = page.locator("#switcher")
    expect(menu.get_by_role("link", name="Cedar Home Lending")).to_have_attribute("aria-current", "true")
    assert_accessible(page)
    page.keyboard.type("bluew")
    expect(menu.get_by_role("link", name="Cedar Home Lending")).to_have_count(0)
    menu.get_by_role("link", name="Bluewater Mortgage").click()
    expect(page).to_have_url(f"{demo.portal}/organizations/bluewater-mortgage/contacts/")
    expect(page.get_by_role("heading", level=1, name="Contacts")).to_be_visible()
    open_switcher(page)
    menu.get_by_role("link", name="All organizations").click()
    expect(page).to_have_url(f"{demo.portal}/organizations/")
    expect(page.get_by_role("button", name="Organization: All organizations")).to_be_visible()


def test_without_a_script_organizations_are_chosen_on_a_page(demo: Demo, visitors: Visitors) -> None:
    page = visitors.new(javascript=False)
    page.goto(f"{demo.portal}/accounts/login/")
    page.get_by_role("button", name=re.compile("operator")).click()
    page.goto(demo.portal + CONTACTS)
    page.get_by_role("button", name=re.compile("^Organization:")).click()
    page.get_by_role("searchbox", name="Find an organization").fill("harbor")
    page.get_by_role("button", name="Search", exact=True).first.click()
    page.get_by_role("link", name="Harbor & Pine Lending").click()
    expect(page).to_have_url(f"{demo.portal}/organizations/harbor-pine-lending/contacts/")


def test_on_a_phone_the_menu_is_a_bar_with_more(demo: Demo, visitors: Visitors) -> None:
    page = visitors.new(phone=True)
    sign_in_as(page, demo, "operator")
    bar = page.get_by_role("navigation", name="Main")
    assert bar.get_by_role("link").all_inner_texts() == ["Home", "Contacts", "Groups", "Bulk edits"]
    bar.get_by_role("button", name="More").click()
    assert_accessible(page)
    bar.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    open_switcher(page)
    expect(page.locator("#switcher").get_by_role("link", name="Bluewater Mortgage")).to_be_in_viewport()
    assert_accessible(page)


def test_the_theme_is_changed_and_remembered(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "viewer")
    page.get_by_role("button", name="Use the dark theme").click()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    page.reload()
    expect(page.get_by_role("button", name="Use the light theme")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_times_are_in_the_viewers_zone_with_utc_beside(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "viewer")  # the first page learns the zone, the next one shows it
    page.goto(f"{demo.portal}/organizations/cedar-home-lending/")
    page.locator("button.when:visible").first.click()
    told = page.locator(".moment:popover-open")
    expect(told).to_contain_text(re.compile(r"\w{3}, \w{3} \d+, \d{4}, \d\d:\d\d:\d\d C[SD]T"))
    expect(told).to_contain_text(re.compile(r"\d\d:\d\d:\d\d UTC"))


def test_every_icon_is_drawn(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator")
    for path in ("/", CONTACTS, "/jobs/", "/settings/"):
        page.goto(demo.portal + path)
        drawn = page.locator("svg.icon:visible").evaluate_all(DRAWN)
        assert drawn and all(drawn), path


def test_a_wrong_address_leads_back(demo: Demo, page: Page, visitors: Visitors) -> None:
    sign_in_as(page, demo, "operator", "/nowhere/")
    visitors.forgive(page, "404")
    assert_accessible(page)
    page.get_by_role("link", name="Go to Home").click()
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
