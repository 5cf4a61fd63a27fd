"""The pages of an import, from the file to the bad rows that are corrected and imported again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.bulk.files import uploads
from integrations.bulk.models import ColumnMapping, Plan, PlanState, RowState, Upload, UploadChunk
from integrations.connections.models import Connection
from integrations.directory import required_groups
from integrations.directory.models import ContactGroup, Owner
from portal.accounts.models import User
from portal.audit.models import Entry
from tests.integrations.bulk.files.conftest import Import, csv_of, send
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
ROWS = [
    ["First name", "Last name", "E-mail", "Mobile", "Notes"],
    ["Ann", "Quill", "ann@new.example", "612-555-0144", "=1+1"],
    ["Bo", "Lund", "not an address", "", "-x"],
]


@pytest.fixture
def manager(world: World) -> User:
    return world.member("admin")


@pytest.fixture
def client(manager: User) -> Client:
    made = Client()
    made.force_login(manager)
    return made


def at(name: str, connection: Connection, *parts: object) -> str:
    return reverse(name, args=[connection.installation.organization.slug, *parts])


def announce(client: Client, connection: Connection, size: int, name: str = "people.csv") -> Any:
    return client.post(at("import_file", connection, "sandbox"), {"name": name, "size": size})


def put(client: Client, address: str, data: bytes) -> Any:
    return client.post(address, data, content_type="application/octet-stream")


def test_a_file_becomes_a_plan_and_its_bad_rows_can_be_corrected_and_imported_again(
    admin: Connection, client: Client, run_jobs: Callable[[], None]
) -> None:
    owner = Owner.objects.filter(contacts__isnull=False)[0]
    file = SimpleUploadedFile(r"C:\Users\ann\people.csv", csv_of(ROWS))
    answer = client.post(at("import_file", admin, "sandbox"), {"file": file})
    upload = Upload.objects.get()
    assert answer.url == at("upload", admin, upload.pk) and upload.name == "people.csv"
    page = client.get(answer.url)
    text = page.content.decode()
    assert "Encoding: UTF-8." in text and "ann@new.example" in text
    initial = [page.context["form"][f"column_{place}"].initial for place in range(5)]
    assert initial == ["field:first_name", "field:last_name", "field:email", "field:phone_cell", ""]
    data = {f"column_{place}": target for place, target in enumerate(initial)}
    answer = client.post(answer.url, {**data, "owner": owner.remote_id, "source": "Open house"})
    plan = Plan.objects.get()
    assert answer.url == at("bulk_edit", admin, plan.pk)
    run_jobs()
    page_text = client.get(answer.url).content.decode()
    assert "Create 1 contact" in page_text
    assert "Import “people.csv”" in page_text and "Ann Quill" in page_text and "New contact" in page_text
    assert "Column C (E-mail): Email is not an email address." in page_text
    assert "1 row can't be imported" in page_text

    bad = client.get(at("bad_rows", admin, plan.pk)).getvalue()
    assert b"'-x" in bad, "formulas are neutralized"
    assert Entry.objects.filter(action="bulk.bad_rows_downloaded").count() == 1
    corrected = bad.replace(b"not an address", b"bo@new.example")
    again = send(admin, plan.created_by, corrected)  # type: ignore[arg-type]
    assert again.heads == [*ROWS[0], "What is wrong"]
    form = client.get(at("upload", admin, again.pk)).context["form"]
    assert form.is_remembered and form.initial["source"] == "Open house"
    data = {f"column_{place}": form[f"column_{place}"].initial for place in range(6)}
    assert list(data.values()) == [*initial, ""]
    client.post(at("upload", admin, again.pk), {**data, "owner": owner.remote_id, "source": "Open house"})
    run_jobs()
    second = Plan.objects.latest("pk")
    assert (
        second.counts() == {RowState.PLANNED: 1} and second.rows.get().after["fields"]["first_name"] == "Bo"
    )


def test_a_large_file_arrives_in_pieces_of_which_some_come_twice(
    admin: Connection, client: Client, monkeypatch: Any
) -> None:
    monkeypatch.setattr(uploads, "PIECE", 100)
    content = csv_of([["First name", "Last name"], *[[f"Ann {n}", "Quill"] for n in range(40)]])
    pieces = [content[begin : begin + 100] for begin in range(0, len(content), 100)]
    base = announce(client, admin, len(content)).json()["pieces"]
    for number, piece in enumerate(pieces, start=1):
        for _ in range(2):
            answer = put(client, f"{base}{number}/", piece)
            assert answer.status_code == 200
    upload = Upload.objects.get()
    assert answer.json()["next"] == at("upload", admin, upload.pk)
    assert uploads.content(upload).read() == content and upload.chunks.count() == len(pieces)


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        (200 * 1024 * 1024 + 1, "larger than 200 MB"),
        (2 * 1024**3, "larger than 200 MB"),
        (10**17, "larger than 200 MB"),
        (0, "The file is empty"),
        (-5, "The file is empty"),
        ("x", "The file is empty"),
    ],
)
def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    admin: Connection, client: Client, size: Any, sentence: str
) -> None:
    answer = announce(client, admin, size)
    assert sentence in answer.json()["problem"]
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("number", "data"),
    [
        (1, b"x" * 99),
        (1, b"x" * 101),
        (1, b""),
        (2, b"x" * 100),
        (3, b"x" * 100),
    ],
)
def test_a_piece_that_wasnt_announced_is_refused(
    admin: Connection, client: Client, monkeypatch: Any, number: int, data: bytes
) -> None:
    monkeypatch.setattr(uploads, "PIECE", 100)
    base = announce(client, admin, 250).json()["pieces"]
    answer = put(client, f"{base}{number}/", data)
    assert answer.json() == {"problem": uploads.INCOMPLETE}
    assert not UploadChunk.objects.exists() and Upload.objects.get().received == 0


@pytest.mark.parametrize("number", [0, 4, 99])
def test_a_piece_beyond_the_file_does_not_exist(
    admin: Connection, client: Client, monkeypatch: Any, number: int
) -> None:
    monkeypatch.setattr(uploads, "PIECE", 100)
    base = announce(client, admin, 250).json()["pieces"]
    assert put(client, f"{base}{number}/", b"x").status_code == 404
    assert not UploadChunk.objects.exists()


def test_a_request_that_is_too_large_is_refused_without_keeping_it(admin: Connection, client: Client) -> None:
    base = announce(client, admin, 10 * uploads.PIECE).json()["pieces"]
    assert put(client, f"{base}1/", b"x" * (3 * uploads.PIECE)).status_code == 400
    file = SimpleUploadedFile("people.csv", b"x" * (3 * uploads.PIECE))
    text = client.post(at("import_file", admin, "sandbox"), {"file": file}).content.decode()
    assert "at most 2 MB" in text and not UploadChunk.objects.exists()


def test_a_file_that_cant_be_read_leaves_nothing(admin: Connection, client: Client) -> None:
    for content, sentence in ((b"%PDF-1.7", "This is a PDF"), (b"First name\n", "no rows below its head")):
        base = announce(client, admin, len(content)).json()["pieces"]
        answer = put(client, f"{base}1/", content)
        assert sentence in answer.json()["problem"]
        page = client.post(
            at("import_file", admin, "sandbox"), {"file": SimpleUploadedFile("a.csv", content)}
        )
        assert sentence in page.content.decode()
    assert not Upload.objects.exists() and not UploadChunk.objects.exists()


def test_a_person_cant_fill_the_disk_with_files_of_which_nothing_is_made(
    admin: Connection, client: Client
) -> None:
    for _ in range(6):
        announce(client, admin, 100)
    assert Upload.objects.count() == uploads.MOST_UNUSED


@pytest.mark.parametrize(
    ("columns", "data", "sentence"),
    [
        (["email", "email", "", "", ""], {}, "“First name” and “Last name” are both matched to Email"),
        (["first_name", "", "email", "", ""], {}, "Match columns to First name and Last name"),
        (["first_name", "last_name", "email", "", ""], {"source": ""}, "Enter the source of the contacts"),
        (["first_name", "last_name", "email", "", ""], {"owner": ""}, "Choose the owner of the contacts"),
        (["first_name", "last_name", "email", "", ""], {"owner": "999999999"}, "Select a valid choice"),
        (["first_name", "last_name", "no_such_field", "", ""], {}, "Select a valid choice"),
    ],
)
def test_a_mapping_that_makes_no_sense_says_why(
    admin: Connection, client: Client, manager: User, columns: list[str], data: dict[str, str], sentence: str
) -> None:
    upload = send(admin, manager, csv_of(ROWS))
    owner = Owner.objects.filter(contacts__isnull=False)[0]
    given = {f"column_{place}": f"field:{name}" if name else "" for place, name in enumerate(columns)}
    given |= {"owner": str(owner.remote_id), "source": "File"} | data
    assert sentence in client.post(at("upload", admin, upload.pk), given).content.decode()
    assert not Plan.objects.exists()


def test_synced_contacts_are_searched_once_for_the_names_of_custom_fields(
    admin: Connection, client: Client, manager: User
) -> None:
    upload = send(admin, manager, csv_of(ROWS))
    with CaptureQueriesContext(database) as queries:
        assert client.get(at("upload", admin, upload.pk)).status_code == 200
    searches = [query for query in queries if 'FROM "directory_document"' in query["sql"]]
    assert len(searches) == 1


def test_an_upload_of_another_organization_does_not_exist(
    world: World, admin: Connection, manager: User
) -> None:
    upload = send(admin, manager, csv_of(ROWS))
    other = Client()
    other.force_login(world.member("admin", BLUEWATER))
    slug = world.organization(BLUEWATER).slug
    for address in (at("upload", admin, upload.pk), reverse("upload", args=[slug, upload.pk])):
        assert other.get(address).status_code == 404
    for address in (
        at("upload_piece", admin, upload.pk, 1),
        reverse("upload_piece", args=[slug, upload.pk, 1]),
    ):
        assert put(other, address, b"x").status_code == 404


def test_the_page_says_which_groups_new_contacts_also_join(
    world: World, admin: Connection, client: Client, manager: User
) -> None:
    group = ContactGroup.objects.filter(gone_at=None)[0]
    required_groups.require(admin.installation, group.name, manager)
    upload = send(admin, manager, csv_of(ROWS))
    assert (
        f"New contacts also join “{group.name}”"
        in client.get(at("upload", admin, upload.pk)).content.decode()
    )


def test_an_editor_sees_an_import_but_may_neither_apply_it_nor_download_its_rows(
    world: World, admin: Connection, import_rows: Import
) -> None:
    owner = Owner.objects.filter(contacts__isnull=False)[0]
    plan = import_rows(*ROWS, owner=owner.remote_id)
    editor = Client()
    editor.force_login(world.member("editor"))
    page = editor.get(at("bulk_edit", admin, plan.pk)).content.decode()
    assert "Ann Quill" in page and "Create 1 contact" not in page and "Download bad rows" not in page
    editor.post(at("change_bulk_edit", admin, plan.pk, "apply"), {"digest": plan.digest})
    plan.refresh_from_db()
    assert plan.state == PlanState.READY
    assert editor.get(at("bad_rows", admin, plan.pk)).status_code == 404


def test_mappings_are_remembered_for_the_organization(
    admin: Connection, client: Client, manager: User
) -> None:
    ColumnMapping.objects.all().delete()
    owner = Owner.objects.filter(contacts__isnull=False)[0]
    upload = send(admin, manager, csv_of(ROWS))
    data = {
        "column_0": "field:last_name",
        "column_1": "field:first_name",
        "source": "File",
        "owner": owner.remote_id,
    }
    client.post(at("upload", admin, upload.pk), data)
    shuffled = [list(reversed(row)) for row in ROWS]
    form = client.get(at("upload", admin, send(admin, manager, csv_of(shuffled)).pk)).context["form"]
    found = [form[f"column_{place}"].initial for place in range(5)]
    assert found == ["", "", "", "field:first_name", "field:last_name"]


def test_a_plan_whose_file_cant_be_read_to_its_end_says_in_which_row(
    admin: Connection, client: Client, manager: User, run_jobs: Callable[[], None]
) -> None:
    rows = "".join(f"Ann{number},Quill,a{number}@new.example\n" for number in range(1200))
    content = f'First name,Last name,Email\n{rows}Bo,"Lund,x\n'.encode()
    upload = send(admin, manager, content)
    owner = Owner.objects.filter(contacts__isnull=False)[0]
    data = {
        f"column_{place}": f"field:{name}" for place, name in enumerate(("first_name", "last_name", "email"))
    }
    client.post(at("upload", admin, upload.pk), {**data, "source": "File", "owner": owner.remote_id})
    run_jobs()
    plan = Plan.objects.get()
    assert plan.state == PlanState.FAILED and plan.problem.startswith(
        "Row 1202, column B: a quotation mark isn't closed"
    )
    assert not plan.rows.exists()
