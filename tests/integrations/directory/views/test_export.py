"""Downloading the contacts chosen in the list as CSV or Excel."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from integrations.connections.models import Connection
from integrations.directory.browse import export
from integrations.directory.models import Contact
from integrations.jobs.models import Job
from portal.accounts.models import User
from portal.audit.models import Entry
from tests.integrations.directory.visits import address
from tests.world import BLUEWATER, World

Run = Callable[..., Job]
Browser = Callable[[User], Client]
#: The worksheet's XML namespace.
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def download(client: Client, connection: Connection, ending: str, **form: Any) -> Any:
    return client.post(address(connection, f"contacts/export/sandbox/{ending}/"), form)


def csv_rows(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def xlsx_cells(response: Any) -> tuple[list[list[str]], str]:
    """Return the texts of a workbook's rows, and the XML of its sheet."""
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    rows = ElementTree.fromstring(xml).iter(f"{SHEET}row")
    return [["".join(cell.itertext()) for cell in row] for row in rows], xml


HEAD = ["Total Expert ID", "Name", "Email", "Phone", "City", "Owner", "Updated (UTC)"]


def test_everything_that_matches_is_exported_in_the_order_of_the_list(
    world: World, admin: Connection, run_sync: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sync(admin)
    monkeypatch.setattr(export, "CHUNK", 7)
    expected = Contact.objects.filter(ok_to_email=True).order_by("-sort_name", "-pk")
    assert expected.count() > 14, "several chunks"
    assert Contact.objects.exclude(ok_to_email=True).exists()
    form = {"all": "1", "query": "ok_to_email=yes&sort=-name"}
    response = download(browser(world.operator), admin, "csv", **form)
    rows = csv_rows(response)
    assert rows[0] == HEAD
    assert [int(row[0]) for row in rows[1:]] == list(expected.values_list("remote_id", flat=True))
    assert re.fullmatch(
        r'attachment; filename="cedar-home-lending-sandbox-contacts-\d{4}-\d\d-\d\d\.csv"',
        response["Content-Disposition"],
    )
    assert "no-store" in response["Cache-Control"]
    cells, _ = xlsx_cells(download(browser(world.operator), admin, "xlsx", **form))
    assert cells[0] == HEAD
    assert [row[0] for row in cells] == [row[0] for row in rows]


def test_picked_contacts_are_exported_and_counted_in_one_audit_row_without_personal_data(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    picked = list(Contact.objects.order_by("sort_name", "pk")[2:5])
    person = world.member("admin")
    response = download(browser(person), admin, "csv", query="", contact=[row.pk for row in picked])
    assert [row[1] for row in csv_rows(response)[1:]] == [row.display_name for row in picked]
    (entry,) = Entry.objects.filter(action="directory.exported")
    assert entry.detail == {"contacts": 3, "format": "csv"}
    assert (entry.actor_id, entry.organization_id) == (person.pk, admin.installation.organization_id)
    assert (entry.object_type, entry.object_id) == ("connections.installation", str(admin.installation_id))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(
    world: World, admin: Connection, run_sync: Run, browser: Browser, start: str
) -> None:
    run_sync(admin)
    contact = Contact.objects.order_by("pk")[0]
    formula = f'{start}HYPERLINK("https://evil.example")'
    Contact.objects.filter(pk=contact.pk).update(email=formula, city=f"a{start}b", state="")
    chosen = {"query": "", "contact": [contact.pk]}
    row = csv_rows(download(browser(world.operator), admin, "csv", **chosen))[1]
    assert (row[2], row[4]) == (f"'{formula}", f"a{start}b")
    _, xml = xlsx_cells(download(browser(world.operator), admin, "xlsx", **chosen))
    assert "<f>" not in xml
    assert "HYPERLINK(&quot;" in xml or 'HYPERLINK("' in xml
    assert 't="inlineStr"' in xml
    assert "hyperlink" not in xml


@pytest.mark.parametrize("role", ["editor", "viewer", "officer"])
def test_other_roles_export_nothing(
    world: World, admin: Connection, run_sync: Run, browser: Browser, role: str
) -> None:
    run_sync(admin)
    client = browser(world.member(role))
    for ending in ("csv", "xlsx"):
        assert download(client, admin, ending, all="1", query="").status_code == 404
    assert not Entry.objects.filter(action="directory.exported").exists()
    if role != "officer":
        assert "Export CSV" not in client.get(address(admin)).content.decode()


def test_contacts_of_another_organization_are_not_exported(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    stranger = browser(world.member("admin", BLUEWATER))
    assert download(stranger, admin, "csv", all="1", query="").status_code == 404
    assert (
        browser(world.operator)
        .post(address(admin, "contacts/export/production/csv/"), {"all": "1", "query": ""})
        .status_code
        == 404
    )


@pytest.mark.parametrize(
    "form", [{}, {"contact": ["0", "abc"]}, {"all": "1", "query": "q=nobodyhasthisname"}]
)
def test_without_a_contact_nothing_is_exported_and_the_list_says_so(
    world: World, admin: Connection, run_sync: Run, browser: Browser, form: dict[str, Any]
) -> None:
    run_sync(admin)
    client = browser(world.operator)
    response = download(client, admin, "xlsx", **form)
    assert response.status_code == 302
    assert "Choose at least one contact to export." in client.get(response["Location"]).content.decode()
    assert not Entry.objects.filter(action="directory.exported").exists()


def test_too_many_contacts_for_an_excel_file_are_refused(
    world: World, admin: Connection, run_sync: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sync(admin)
    monkeypatch.setattr(export, "MOST_XLSX_ROWS", 3)
    client = browser(world.operator)
    response = download(client, admin, "xlsx", all="1", query="sort=city")
    html = client.get(response["Location"]).content.decode()
    assert "An Excel file can have at most 3 contacts. Export a CSV file instead." in html
    assert 'value="city" selected' in html, "back to the same list"
    assert download(client, admin, "csv", all="1", query="").status_code == 200


def test_an_exported_workbook_leaves_no_file_behind(
    world: World,
    admin: Connection,
    run_sync: Run,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    run_sync(admin)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    download(browser(world.operator), admin, "xlsx", all="1", query="").close()
    assert list(tmp_path.iterdir()) == []

    def broken() -> Any:
        yield ["Name"]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        export.as_xlsx(broken())
    assert list(tmp_path.iterdir()) == []
