"""Onboarding forty organizations from a file, one of them with a secret that is wrong, in a browser."""

import csv
import io
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import assert_accessible, assert_accessible_in_every_look
from tests.browser.actions import sign_in_as
from tests.browser.demo import Demo
from tests.browser.pictures import screenshot

ROWS = 40
STORY = 4  #: organizations of the sandbox that the demo's story takes
#: Milliseconds for all of them to be verified and their first syncs to be done meanwhile.
A_WHOLE_FILE_MS = 600_000


@pytest.fixture(scope="module")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo of its own: many small organizations, and as many tokens as anybody wants."""
    options = ("--organizations", str(STORY + ROWS), "--tokens-per-hour", "0")
    running = Demo(tmp_path_factory.mktemp("bulk"), *options, contacts="5")
    yield running
    running.stop()


def customers(demo: Demo) -> list[dict[str, Any]]:
    """The sandbox's organizations that the portal does not know."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{demo.sandbox}/_sandbox/credentials") as answer:
        found: list[dict[str, Any]] = json.loads(answer.read())["organizations"]
    return found[STORY:]


def file_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A file as a spreadsheet saves it, for an input of files."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["Name", "Environment", "Client ID", "Client Secret", "Admin email"])
    for number, row in enumerate(rows):
        email = "ada@first.example" if number == 0 else ""
        writer.writerow([row["name"], "production", row["client_id"], row["client_secret"], email])
    return {
        "name": "customers.csv",
        "mimeType": "text/csv",
        "buffer": b"\xef\xbb\xbf" + text.getvalue().encode(),
    }


def tab(page: Page, word: str, count: int) -> Any:
    tabs = page.get_by_role("navigation", name="Rows by state")
    return tabs.get_by_role("link", name=f"{word} {count}", exact=True)


def test_forty_organizations_are_created_although_one_secret_is_wrong(demo: Demo, page: Page) -> None:
    rows = customers(demo)
    assert len(rows) == ROWS
    wrong = rows[ROWS // 2]
    wrong_secret = wrong["client_secret"] = "not-the-secret-of-anybody"
    sign_in_as(page, demo, "operator", "/organizations/")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Add many from a file").click()
    assert_accessible(page)
    screenshot(page, "bulk-upload")

    # first with a name missing, then corrected
    page.get_by_label("CSV file").set_input_files(file_of([*rows[:-1], rows[-1] | {"name": ""}]))
    page.get_by_role("button", name="Check file").click()
    expect(page.get_by_role("button", name="Create 39 organizations")).to_be_visible()
    expect(page.get_by_text("The name is empty.")).to_be_visible()
    assert_accessible(page)
    screenshot(page, "bulk-preview")
    page.get_by_text("Upload a corrected file instead").click()
    page.get_by_label("CSV file").set_input_files(file_of(rows))
    page.get_by_role("button", name="Check file").click()
    expect(page.get_by_text("40 organizations. 1 admin will be invited by email")).to_be_visible()
    expect(page.get_by_text("40 token requests, one for each organization.")).to_be_visible()
    assert wrong_secret not in page.content()

    page.get_by_role("button", name="Create 40 organizations").click()
    expect(page.get_by_role("heading", level=1, name="Import")).to_be_visible()
    expect(tab(page, "Connected", 39)).to_be_visible(timeout=A_WHOLE_FILE_MS)
    tab(page, "Rejected", 1).click()
    line = page.get_by_role("row").filter(has_text=wrong["name"])
    expect(line).to_contain_text("doesn't know this client ID and client secret")
    assert_accessible(page)
    assert wrong_secret not in page.content()
    line.get_by_role("link", name="Enter other credentials").click()
    expect(page.get_by_role("heading", level=1, name=f"Connect {wrong['name']}")).to_be_visible()
    page.goto(demo.mail)
    expect(page.get_by_text("ada@first.example").first).to_be_visible()

    page.goto(f"{demo.portal}/organizations/imports/")
    page.get_by_role("link", name="customers.csv").click()
    expect(tab(page, "Connected", 39)).to_be_visible()
    assert_accessible_in_every_look(page, "bulk-import")
