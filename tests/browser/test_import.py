"""Importing a messy file in a browser: good rows arrive, and bad ones are explained."""

import csv
import io
import re
from pathlib import Path

from django.conf import settings
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible_in_both_themes
from tests.browser.actions import sign_in_as
from tests.browser.demo import Demo
from tests.browser.pictures import screenshot
from tests.browser.visitors import Visitors

CEDAR = "/organizations/cedar-home-lending/"
#: As a spreadsheet program of Western Europe saves it: semicolons, Windows-1252, two columns of one name, formulas.
MESSY = (
    "First Name;Surname;E-mail;Phone;Phone;Zip;Amount\r\n"
    'José;Núñez;jose@import.example;612-555-0171;;="02134";"=SUM(1;2)"\r\n'
    "Zoë;Quillfeather;zoe@import.example;;612-555-0172;;\r\n"
    "\r\n"
    "Bo;Lund;bo-at-import.example;;;;-5\r\n"
    "=1+1;Formula;formula@import.example;;;;\r\n"
    "Cy;;cy@import.example;;;;+1\r\n"
)


def upload(page: Page, file: Path) -> None:
    page.get_by_label("CSV or XLSX file").set_input_files(file)
    page.get_by_role("button", name="Upload file").click()
    expect(page.get_by_role("heading", name="Match columns")).to_be_visible()


def review(page: Page) -> None:
    owner = page.get_by_label("Owner of all contacts")
    owner.select_option(index=1)
    page.get_by_label("Source of contacts without one").fill("Open house")
    page.get_by_role("button", name="Review rows").click()
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible(timeout=60_000)


def test_a_messy_file_is_imported_and_its_bad_rows_are_corrected(
    demo: Demo, visitors: Visitors, tmp_path: Path
) -> None:
    page = visitors.new()
    sign_in_as(page, demo, "operator")
    page.goto(demo.portal + CEDAR + "contacts/")
    page.get_by_role("button", name="More", exact=True).first.click()
    page.get_by_role("link", name="Import a file").click()
    assert_accessible_in_both_themes(page)
    screenshot(page, "import")
    (tmp_path / "report.csv").write_bytes(b"%PDF-1.7 a report")
    page.get_by_label("CSV or XLSX file").set_input_files(tmp_path / "report.csv")
    page.get_by_role("button", name="Upload file").click()
    expect(page.get_by_role("alert")).to_contain_text("This is a PDF")

    messy = tmp_path / "Öpen house.csv"
    messy.write_bytes(MESSY.encode("cp1252"))
    upload(page, messy)
    expect(page.get_by_text("Windows-1252 (Western European) (assumed)")).to_be_visible()
    expect(page.get_by_text("semicolon")).to_be_visible()
    expect(page.get_by_label("Field of “Phone (column D)”")).to_have_value("field:phone_cell")
    page.get_by_label("Field of “Phone (column E)”").select_option("field:phone_home")
    assert_accessible_in_both_themes(page)
    screenshot(page, "import-columns", whole_page=True)
    review(page)
    for row, sentence in (
        ("5", "Column C (E-mail): Email is not an email address."),
        ("6", "Column A (First Name): The cell has a formula."),
        ("7", "Missing: last name."),
    ):
        expect(
            page.get_by_role("row").filter(has=page.get_by_role("cell", name=row, exact=True))
        ).to_contain_text(sentence)
    expect(page.get_by_role("row").filter(has_text="José Núñez")).to_contain_text("New contact")
    expect(page.get_by_text("3 rows can't be imported.")).to_be_visible()
    assert_accessible_in_both_themes(page)
    screenshot(page, "import-preview", whole_page=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download bad rows").click()
    bad = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert [row["Amount"] for row in bad] == ["'-5", "", "'+1"]
    assert all(row["What is wrong"] for row in bad)
    page.get_by_role("button", name=re.compile(r"^(Create|Change) \d")).click()
    expect(page.get_by_role("row").filter(has_text="José Núñez")).to_contain_text("Done", timeout=120_000)

    for row, email in zip(
        bad, ("bo@import.example", "formula@import.example", "cy@import.example"), strict=True
    ):
        row["E-mail"] = email
        row["First Name"] = row["First Name"].replace("'=1+1", "Di")
        row["Surname"] = row["Surname"] or "Dahl"
    corrected = tmp_path / "corrected.csv"
    with corrected.open("w", newline="") as file:
        writer = csv.DictWriter(file, bad[0])
        writer.writeheader()
        writer.writerows(bad)
    page.goto(demo.portal + CEDAR + "bulk-edits/")
    page.get_by_role("button", name="More", exact=True).first.click()
    page.get_by_role("link", name="Import a file").first.click()
    upload(page, corrected)
    expect(page.get_by_text("matched as they were the last time")).to_be_visible()
    expect(page.get_by_label("Field of “Phone (column E)”")).to_have_value("field:phone_home")
    review(page)
    expect(page.get_by_role("row").filter(has_text="Cy Dahl")).to_contain_text("New contact")
    expect(page.get_by_text("can't be imported")).to_be_hidden()


def test_a_person_who_was_signed_out_is_told_so_when_a_file_is_sent(
    demo: Demo, page: Page, tmp_path: Path
) -> None:
    sign_in_as(page, demo, "operator", CEDAR + "bulk-edits/")
    page.get_by_role("button", name="More", exact=True).first.click()
    page.get_by_role("link", name="Import a file").first.click()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    file = tmp_path / "people.csv"
    file.write_text(MESSY)
    page.get_by_label("CSV or XLSX file").set_input_files(file)
    page.get_by_role("button", name="Upload file").click()
    expect(page.get_by_role("alert")).to_have_text("You were signed out. Sign in and upload the file again.")
