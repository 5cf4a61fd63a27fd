"""The screens of onboarding many: uploads of any kind, previews, what became of rows; for operators only."""

import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from integrations.connections.limits import kill_switch
from integrations.connections.models import Environment
from integrations.onboarding.bulk import files
from integrations.onboarding.models import BulkImport, BulkRow
from portal.accounts.session_store import SessionStore
from portal.organizations.models import Organization
from tests.integrations.onboarding.bulk.files import apply, csv_of, keep, theirs, work
from tests.test_canaries import dump
from tests.world import BLUEWATER, CEDAR, World

pytestmark = pytest.mark.django_db
SECRET = "upload-secret-canary-4c8e"


@pytest.fixture
def operator(world: World) -> Client:
    client = Client()
    client.force_login(world.operator)
    return client


def upload(client: Client, content: bytes, called: str = "customers.csv", **more: Any) -> Any:
    file = SimpleUploadedFile(called, content, content_type="text/csv")
    return client.post(reverse("add_many"), {"file": file, **more}, follow=True)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    text: str = " ".join(answer.content.decode().split())
    return text


def rows(count: int) -> list[tuple[str, ...]]:
    return [(f"Quarry {number}", f"id-{number}", "s", "") for number in range(count)]


def test_the_screen_names_the_columns_and_offers_a_file_to_fill_in(operator: Client) -> None:
    text = text_of(operator.get(reverse("add_many")))
    assert all(f"<code>{name}</code>" in text for name in files.COLUMNS)
    answer = operator.get(reverse("bulk_template"))
    assert answer.content.decode() == "name,environment,client_id,client_secret,admin_email\r\n"
    assert "attachment" in answer["Content-Disposition"]


def test_without_an_environment_the_next_step_is_to_add_one(operator: Client, world: World) -> None:
    world.environment.application.delete()
    world.environment.delete()
    text = text_of(operator.get(reverse("add_many")))
    assert reverse("new_environment") in text and 'type="file"' not in text


def test_the_preview_says_what_is_wrong_what_it_costs_and_creates_nothing(
    operator: Client, world: World
) -> None:
    text = text_of(upload(operator, csv_of(("Quarry", "id", SECRET, ""), ("", "id2", "s", ""))))
    assert "Create 1 organization<" in text and "1 row with problems" in text
    assert (
        "The name is empty." in text
        and "1 token request, one for each organization. They can all be sent now." in text
    )
    assert text.index("The name is empty.") < text.index("Quarry"), "what is wrong comes first"
    assert not Organization.objects.exists()


def test_the_preview_says_when_the_last_one_is_through(operator: Client, world: World) -> None:
    Environment.objects.update(tokens_per_hour=2)
    rows = [(f"Quarry {number}", f"id-{number}", "s", "") for number in range(5)]
    text = text_of(upload(operator, csv_of(*rows)))
    assert "5 token requests, one for each organization. The last one is expected" in text
    assert ">in 2 h</time>" in text


def test_nothing_of_a_file_is_anywhere_in_clear(
    operator: Client, world: World, caplog: pytest.LogCaptureFixture, tmp_path: Path, settings: Any
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "no-such-folder"  # whoever writes there fails
    written: list[str] = []
    caplog.set_level(logging.DEBUG)
    good = csv_of(("Quarry", "quarry-canary", SECRET, "ada@quarry.example"))
    for content in (
        good,
        good + b"\n\xff\xfe",
        good + b" " * 3_000_000,
        b"PK\x03\x04" + good,
        SECRET.encode() + b"\n" + good,
    ):
        written.append(text_of(upload(operator, content)))
    written.append(text_of(operator.get(reverse("bulk_imports"))))
    source = BulkImport.objects.get()
    answer = operator.post(reverse("confirm_import", args=[source.pk]), follow=True)
    written += [
        text_of(answer),
        dump(),
        caplog.text,
        str([SessionStore(row.session_key).load() for row in Session.objects.all()]),
    ]
    for place in written:
        assert SECRET not in place and "quarry-canary" not in place


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty"),
        (b"x" * 1_200_000, "larger than 1 MB"),
        (b"x" * 3_000_000, "larger than 1 MB"),
        (b"PK\x03\x04rest of a workbook", "workbook or an archive"),
        (csv_of(("Quarry\0", "id", "s", "")), "characters that text files can"),
        (b"name" + b",x" * 100_000, "more than 50 columns"),
    ],
)
def test_a_hostile_file_gets_a_sentence(operator: Client, content: bytes, says: str) -> None:
    assert says in text_of(upload(operator, content))
    assert not BulkImport.objects.exists()


def test_an_import_is_known_by_the_name_of_its_file(operator: Client) -> None:
    name = "Q4 <b>partners" + "x" * 120 + ".csv"
    upload(operator, csv_of(("Quarry", "id", "secret", "")), name)
    assert BulkImport.objects.get().name == name[:100]
    for address in (reverse("bulk_imports"), reverse("bulk_import", args=[BulkImport.objects.get().pk])):
        text = text_of(operator.get(address))
        assert "Q4 &lt;b&gt;partners" in text and "<b>partners" not in text


def test_a_form_without_a_file_or_with_odd_fields_gets_a_sentence(operator: Client, world: World) -> None:
    assert "Choose a file." in text_of(operator.post(reverse("add_many"), {}))
    assert "Choose a file." in text_of(operator.post(reverse("add_many"), {"file": "name,client_id"}))
    odd = upload(operator, csv_of(("Quarry", "id", "s", "")), instead_of="no-such-thing")
    assert "The file that this one replaces was not found" in text_of(odd)
    Environment.objects.create(
        name="ct", label="CT", base_url="https://a.example", authorize_url="https://a.example"
    )
    odd = upload(operator, csv_of(("Quarry", "id", "s", "")), environment="mars\0")
    assert not BulkImport.objects.exists() and odd.status_code == 200


def test_a_chosen_environment_is_that_of_rows_that_name_none(operator: Client, world: World) -> None:
    ct = Environment.objects.create(
        name="ct", label="CT", base_url="https://api.example/v1", authorize_url="https://api.example/a"
    )
    upload(operator, csv_of(("Quarry", "id", "s", "")), environment="ct")
    assert BulkRow.objects.get().environment == ct
    assert "The environment is empty" in text_of(upload(operator, csv_of(("Quarry", "id", "s", ""))))


def test_a_corrected_file_replaces_the_preview(operator: Client, world: World) -> None:
    first = keep(world, ("", "id", "s", ""))
    text = text_of(operator.get(reverse("bulk_import", args=[first.pk])))
    assert "Nothing to create" in text and str(first.pk) in text
    upload(operator, csv_of(("Quarry", "id", "s", "")), instead_of=str(first.pk))
    assert BulkImport.objects.get() != first


def test_discarding_forgets_everything_of_a_file(operator: Client, world: World) -> None:
    source = keep(world, ("Quarry", "id", "s", ""))
    text = text_of(operator.post(reverse("discard_import", args=[source.pk]), follow=True))
    assert "File discarded" in text and not BulkRow.objects.exists()
    again = operator.post(reverse("discard_import", args=[source.pk]))
    assert again.status_code == 404


def test_confirming_creates_at_once_and_again_changes_nothing(operator: Client, world: World) -> None:
    source = keep(world, theirs(world, CEDAR))
    for _ in range(2):
        answer = text_of(operator.post(reverse("confirm_import", args=[source.pk]), follow=True))
        assert "Queued" in answer and "already confirmed" not in answer
    assert Organization.objects.count() == 1
    answer = operator.post(reverse("discard_import", args=[source.pk]), follow=True)
    assert "already confirmed and can&#x27;t be discarded" in text_of(answer)


def test_overcommitting_takes_a_tick(operator: Client, world: World) -> None:
    Environment.objects.update(tokens_per_hour=2)
    source = keep(world, *rows(40))
    page = text_of(operator.get(reverse("bulk_import", args=[source.pk])))
    assert "40 connections share 2 token requests" in page and 'name="overcommit"' in page
    confirm = reverse("confirm_import", args=[source.pk])
    assert "Confirm that you want this anyway" in text_of(operator.post(confirm, follow=True))
    assert not Organization.objects.exists()
    assert "Queued" in text_of(operator.post(confirm, {"overcommit": "on"}, follow=True))


def test_each_row_says_what_became_of_it_and_the_page_stops_asking(operator: Client, world: World) -> None:
    bad = theirs(world, CEDAR, client_secret=SECRET)
    source = apply(world, bad, theirs(world, BLUEWATER), ("", "id", "s", ""))
    page = reverse("bulk_import", args=[source.pk])
    before = text_of(operator.get(page))
    assert "Expected any moment." in before and "hx-trigger" in before and "one after another" not in before
    work()
    after = text_of(operator.get(page, headers={"HX-Request": "true"}))
    assert "<html" not in after and "hx-trigger" not in after
    for words in ("Connected", "Rejected", "Left out", "know this client ID", "The name is empty."):
        assert words in after
    assert reverse("connect", args=["cedar-home-lending"]) in after, "paste again"
    only = text_of(operator.get(page, {"state": "failed"}))
    assert CEDAR in only and BLUEWATER not in only
    assert BLUEWATER in text_of(operator.get(page, {"state": "no-such"}))


def test_a_refused_organization_says_what_is_wrong_wherever_it_is_shown(
    operator: Client, world: World
) -> None:
    apply(world, theirs(world, CEDAR, client_secret="wrong"))
    work()
    for address in (reverse("organizations"), reverse("organization", args=["cedar-home-lending"])):
        assert "know this client ID and client secret" in text_of(operator.get(address))
    viewer = Client()
    viewer.force_login(world.member("viewer"))
    page = viewer.get(reverse("organization", args=["cedar-home-lending"]))
    assert "Credentials that did not work" not in text_of(page)


def test_pasted_again_the_row_is_connected(operator: Client, world: World) -> None:
    source = apply(world, theirs(world, CEDAR, client_secret="wrong"))
    work()
    _, client_id, client_secret, _ = theirs(world, CEDAR)
    pasted = {"environment": "sandbox", "client_id": client_id, "client_secret": client_secret}
    operator.post(reverse("connect", args=["cedar-home-lending"]), pasted)
    work()
    assert "Connected" in text_of(operator.get(reverse("bulk_import", args=[source.pk])))
    page = operator.get(reverse("organization", args=["cedar-home-lending"]))
    assert "Credentials that did not work" not in text_of(page)


def test_two_thousand_rows_are_shown_by_the_hundred(
    operator: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    Environment.objects.update(tokens_per_hour=2)
    source = keep(world, *rows(2000))
    with django_assert_max_num_queries(60):
        text = text_of(operator.get(reverse("bulk_import", args=[source.pk])))
    assert text.count('scope="row"') == 100 and "1–100</span> of" in text


def test_a_page_of_what_waits_takes_few_queries(
    operator: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    Environment.objects.update(tokens_per_hour=2)
    source = apply(world, *rows(120))
    with django_assert_max_num_queries(60):
        text = text_of(operator.get(reverse("bulk_import", args=[source.pk]), {"state": "queued", "page": 2}))
    assert "101–120</span> of" in text and text.count("Expected about") == 20
    assert "Total Expert limits token requests per hour" in text


def test_while_all_is_stopped_no_row_promises_a_time(operator: Client, world: World) -> None:
    world.environment.tokens_per_hour = 2
    world.environment.save()
    draft, done = keep(world, ("A", "a", "s", "")), apply(world, ("B", "b", "s", ""))
    kill_switch.activate(reason="Maintenance", actor=world.operator)
    text = text_of(operator.get(reverse("bulk_import", args=[draft.pk])))
    assert "we can't say when the last one finishes" in text
    text = text_of(operator.get(reverse("bulk_import", args=[done.pk])))
    assert "Waiting until an operator resumes calls." in text
    assert "Any moment now" not in text and "Expected about" not in text


def test_the_list_of_imports_names_its_next_step(operator: Client, world: World) -> None:
    assert "No imports yet" in text_of(operator.get(reverse("bulk_imports")))
    draft, done = keep(world, ("A", "a", "s", "")), apply(world, ("B", "b", "s", ""))
    text = text_of(operator.get(reverse("bulk_imports")))
    assert "Not confirmed" in text and "Done" in text
    assert all(reverse("bulk_import", args=[row.pk]) in text for row in (draft, done))
    assert "state=failed" not in text
    work()
    text = text_of(operator.get(reverse("bulk_imports")))
    assert f'<a href="{reverse("bulk_import", args=[done.pk])}?state=failed">1</a>' in text
    BulkRow.objects.filter(source=draft).update(
        state=BulkRow.State.REFUSED, client_id=None, client_secret=None
    )
    text = text_of(operator.get(reverse("bulk_imports")))
    assert f'<a href="{reverse("bulk_import", args=[draft.pk])}?state=refused">1</a>' in text


def test_the_list_of_organizations_links_to_the_upload_and_to_earlier_files(operator: Client) -> None:
    text = text_of(operator.get(reverse("organizations")))
    assert reverse("add_many") in text and reverse("bulk_imports") in text


def test_no_organization_takes_an_address_of_these_screens(operator: Client, world: World) -> None:
    apply(world, ("Imports", "a", "s", ""), ("Add many", "b", "s", ""))
    assert set(Organization.objects.values_list("slug", flat=True)) == {"imports-2", "add-many-2"}
