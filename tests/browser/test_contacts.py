"""Contacts in a browser: filters that apply as they change, rows that open, and the way back to the same place."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import (
    assert_accessible,
    assert_accessible_in_both_themes,
    assert_accessible_in_every_look,
)
from tests.browser.actions import inside, sign_in_as
from tests.browser.demo import Demo
from tests.browser.pictures import screenshot
from tests.browser.visitors import DESKTOP, PHONE, Visitors

CONTACTS = "/organizations/cedar-home-lending/contacts/"


@pytest.fixture
def operator(demo: Demo, page: Page) -> Page:
    sign_in_as(page, demo, "operator", CONTACTS)
    return page


def position(page: Page) -> str:
    return page.get_by_role("navigation", name="Pages").locator("p").first.inner_text()


def test_filters_apply_as_they_change_and_chips_remove_them(operator: Page) -> None:
    total = int(position(operator).split(" of ")[1])
    operator.get_by_text("Filters", exact=True).click()
    operator.get_by_role("combobox", name="OK to email").select_option("yes")
    chip = operator.get_by_role("link", name="OK to email: yes")
    expect(chip).to_be_visible()
    expect(operator).to_have_url(re.compile(r"contacts/\?ok_to_email=yes$"))
    assert int(position(operator).split(" of ")[1]) < total
    assert_accessible(operator)
    operator.get_by_role("searchbox", name="Search").fill("no one has this name")
    expect(operator.get_by_text("No contacts match")).to_be_visible()
    operator.get_by_role("link", name="Clear all filters").click()
    expect(operator).to_have_url(re.compile(r"contacts/$"))
    assert int(position(operator).split(" of ")[1]) == total


def test_a_contact_leads_back_to_the_same_place_in_the_list(operator: Page) -> None:
    operator.get_by_role("link", name="25", exact=True).click()
    operator.get_by_text("Filters", exact=True).click()
    operator.get_by_role("combobox", name="OK to email").select_option("yes")
    expect(operator.get_by_role("link", name="OK to email: yes")).to_be_visible()
    operator.get_by_role("link", name="Updated").click()
    expect(operator.get_by_role("columnheader", name="Updated")).to_have_attribute("aria-sort", "descending")
    operator.get_by_role("link", name="Next").click()
    expect(operator.get_by_role("navigation", name="Pages")).to_contain_text("26–50 of")
    place, row = operator.url, operator.locator("tbody tr").nth(3)
    name = row.get_by_role("link").inner_text()
    following = operator.locator("tbody tr").nth(4).get_by_role("link").inner_text()
    row.locator("td").nth(2).click()
    expect(operator.get_by_role("heading", level=1, name=name)).to_be_visible()
    operator.get_by_role("link", name="Next contact").click()
    expect(operator.get_by_role("heading", level=1, name=following)).to_be_visible()
    operator.get_by_role("link", name="Previous contact").click()
    expect(operator.get_by_role("heading", level=1, name=name)).to_be_visible()
    assert_accessible(operator)
    operator.get_by_role("link", name="All fields").click()
    expect(operator).to_have_url(re.compile(r"contacts/\d+/fields/$"))
    operator.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Contacts").click()
    expect(operator).to_have_url(place)
    expect(operator.locator("tbody tr").nth(3)).to_contain_text(name)


def test_the_back_button_shows_the_whole_filtered_list(operator: Page) -> None:
    operator.get_by_text("Filters", exact=True).click()
    operator.get_by_role("combobox", name="OK to email").select_option("no")
    expect(operator.get_by_role("link", name="OK to email: no")).to_be_visible()
    operator.locator("tbody tr").first.locator("td").nth(2).click()
    expect(operator).to_have_url(re.compile(r"contacts/\d+/$"))
    operator.go_back()
    expect(operator.get_by_role("heading", level=1, name="Contacts")).to_be_visible()
    expect(operator.get_by_role("link", name="OK to email: no")).to_be_visible()


MORE_OWNERS = """
from integrations.connections.models import Installation
from integrations.directory.models import Owner
from portal.core import clock
place = Installation.objects.get(organization__slug="cedar-home-lending", environment__name="production")
Owner.objects.bulk_create(
    Owner(installation=place, remote_id=900_000 + n, first_name="Extra", last_name=f"Owner {n:02}", synced_at=clock.now())
    for n in range(30)
)
"""
REMOVE_OWNERS = """
from integrations.directory.models import Owner
Owner.objects.filter(remote_id__gte=900_000, first_name="Extra").delete()
"""


@pytest.fixture
def more_owners(demo: Demo) -> Iterator[None]:
    """Thirty more owners: too many for a select."""
    inside(demo, MORE_OWNERS)
    yield
    inside(demo, REMOVE_OWNERS)


def test_one_of_many_owners_is_found_by_typing(more_owners: None, operator: Page) -> None:
    before = operator.url
    operator.get_by_text("Filters", exact=True).click()
    owner = operator.get_by_role("group", name="Owner")
    assert owner.get_by_role("radio").count() == 21, "any owner, and 20 by name"
    expect(owner.get_by_label("Extra Owner 29")).to_have_count(0)
    owner.get_by_role("searchbox", name="Find an owner").fill("owner 29")
    expect(owner.get_by_role("radio")).to_have_count(2)
    assert operator.url == before, "typing here filters nothing yet"
    assert_accessible(operator)
    owner.get_by_label("Extra Owner 29").check()
    expect(operator).to_have_url(re.compile(r"contacts/\?owner=\d+$"))
    expect(operator.get_by_text("No contacts match")).to_be_visible()
    expect(owner.get_by_label("Extra Owner 29")).to_be_checked()


def test_contact_pages_are_accessible_and_never_scroll_sideways(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "operator", f"{CONTACTS}?ok_to_email=yes")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label(re.compile("^Select ")).first.check()
    expect(page.get_by_role("form", name="Selected contacts")).to_contain_text("1 selected")
    assert_accessible_in_every_look(page)
    page.get_by_text("Filters", exact=True).click()
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        screenshot(page, f"contacts-selected-{size['width']}")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        pager, bar = (page.locator(each).bounding_box() for each in (".pager", ".selection"))
        assert pager and bar and pager["y"] + pager["height"] <= bar["y"], "the bar doesn't cover the pager"
        page.evaluate("scrollTo(0, 0)")
    page.set_viewport_size(DESKTOP)
    page.locator("tbody tr").first.get_by_role("link").first.click()
    tabs = page.get_by_role("navigation", name="Contact")
    expect(tabs).to_be_visible()
    screenshot(page, "contact")
    for tab in tabs.get_by_role("link").all_inner_texts():
        tabs.get_by_role("link", name=tab.split()[0]).click()
        assert_accessible_in_every_look(page)
    page.get_by_role("main").get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("button", name="Copy Total Expert ID")).to_be_visible()
    assert_accessible_in_both_themes(page)


def test_contacts_are_selected_by_mouse_and_keyboard_across_pages_and_searches(operator: Page) -> None:
    page = operator
    page.goto(f"{page.url}?size=25")
    picks, bar = page.get_by_label(re.compile("^Select ")), page.get_by_role("form", name="Selected contacts")
    said = page.get_by_role("status").filter(has_text="selected")
    expect(bar).to_be_hidden()
    picks.nth(1).check()
    expect(said).to_have_text("1 selected")
    picks.nth(4).click(modifiers=["Shift"])
    expect(said).to_have_text("4 selected")
    assert [picks.nth(n).is_checked() for n in range(6)] == [False, True, True, True, True, False]
    picks.nth(8).focus()
    for key in ("Space", "Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(said).to_have_text("6 selected")
    expect(picks.nth(9)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(picks.nth(10)).to_be_focused()
    page.keyboard.press("Shift+Space")
    expect(said).to_have_text("7 selected")
    page.get_by_role("link", name="Next").click()
    expect(bar).to_contain_text("7 selected, 7 not on this page")
    page.get_by_role("columnheader").get_by_label("These 25").check()
    expect(bar).to_contain_text("32 selected, 7 not on this page")
    page.get_by_role("searchbox", name="Search").fill("no one has this name")
    expect(page.get_by_text("No contacts match")).to_be_visible()
    expect(bar).to_contain_text("32 selected, 32 not on this page")
    assert "contact=" not in page.url
    assert downloaded(page, bar) == 32
    page.get_by_role("link", name="Clear all filters").click()
    expect(bar).to_contain_text("32 selected")
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()
    expect(page.get_by_role("status").filter(has_text="Nothing selected")).to_have_count(1)


def downloaded(page: Page, bar: Locator) -> int:
    """Return how many contacts the selection's CSV file has."""
    with page.expect_download() as download:
        bar.get_by_role("button", name="Export CSV").click()
    return len(download.value.path().read_text().splitlines()) - 1


def test_everything_that_matches_is_selected_until_the_filters_change(operator: Page) -> None:
    page, bar = operator, operator.get_by_role("form", name="Selected contacts")
    page.goto(f"{page.url}?size=25&ok_to_email=yes")
    total = position(page).split(" of ")[1]
    page.get_by_label(re.compile("^Select ")).nth(3).check()
    bar.get_by_label(f"All {total} that match").check()
    expect(bar).to_contain_text(f"{total} selected")
    page.get_by_role("link", name="Updated").click()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("navigation", name="Pages")).to_contain_text("26–50 of")
    expect(bar).to_contain_text(f"{total} selected")
    expect(page.get_by_label(re.compile("^Select ")).nth(7)).to_be_checked()
    assert downloaded(page, bar) == int(total.replace(",", ""))
    page.get_by_label(re.compile("^Select ")).nth(7).uncheck()
    expect(bar).to_contain_text("24 selected")
    bar.get_by_label(f"All {total} that match").check()
    page.get_by_role("link", name="OK to email: yes").click()
    expect(page).to_have_url(re.compile(r"contacts/\?(?!.*ok_to_email)"))
    expect(bar).to_contain_text("24 selected, ")


def test_without_javascript_the_checkboxes_of_a_page_are_a_form(demo: Demo, visitors: Visitors) -> None:
    page = visitors.new(javascript=False)
    sign_in_as(page, demo, "operator", CONTACTS)
    for number in (0, 2):
        page.get_by_label(re.compile("^Select ")).nth(number).check()
    assert downloaded(page, page.get_by_role("form", name="Selected contacts")) == 2


def test_columns_are_chosen_by_keyboard_and_a_view_is_saved(demo: Demo, page: Page) -> None:
    sign_in_as(page, demo, "editor", f"{CONTACTS}?ok_to_email=yes")
    page.get_by_role("button", name="Columns").press("Enter")
    chooser = page.get_by_role("form", name="Columns")
    chooser.get_by_label("Phone", exact=True).press("Space")
    chooser.get_by_role("button", name="Move Source up").press("Enter")
    expect(chooser.get_by_role("status")).to_have_text("Source: 6 of 18")
    for _ in range(5):
        page.keyboard.press("Enter")
    expect(chooser.get_by_role("button", name="Move Source up")).to_be_focused()
    chooser.get_by_label("Source", exact=True).press("Space")
    assert_accessible(page)
    chooser.get_by_role("button", name="Save columns").press("Enter")
    expect(page.get_by_text("Columns saved.")).to_be_visible()
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert [text.strip() for text in heads[1:]] == [
        "Name",
        "Source",
        "Email",
        "City",
        "Owner",
        "Updated",
    ]
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("May be emailed")
    page.get_by_label("Pin above the list").check()
    assert_accessible(page)
    page.get_by_role("button", name="Save").click()
    views = page.get_by_role("navigation", name="Saved views")
    expect(views.get_by_role("link", name="May be emailed")).to_have_attribute("aria-current", "page")
    page.get_by_role("searchbox", name="Search").fill("ana")
    expect(page.get_by_role("link", name="Save as new view")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Save changes to “May be emailed”").click()
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("ana")
    views.get_by_role("link", name="Edit view").click()
    page.get_by_role("button", name="Delete view").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete view").click()
    expect(page.get_by_text("View deleted.")).to_be_visible()
