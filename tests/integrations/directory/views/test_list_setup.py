"""Setting up the contact list: its columns, and saved views."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from integrations.connections.models import Connection
from integrations.directory.browse import columns, saved_views
from integrations.directory.models import ColumnChoice, Contact, SavedView
from integrations.jobs.models import Job
from portal.accounts.models import User
from portal.core import clock
from tests.integrations.directory.visits import address, page
from tests.world import BLUEWATER, World

Run = Callable[..., Job]
Browser = Callable[[User], Client]


@pytest.fixture
def synced(admin: Connection, run_sync: Run) -> Connection:
    run_sync(admin)
    return admin


def heads(html: str) -> list[str]:
    """Return the heads of the list's columns after the name."""
    found = re.search(r"<thead>(.*?)</thead>", html, re.DOTALL)
    assert found
    texts = [re.sub(r"<[^>]+>", "", each).strip() for each in re.split(r"</th>", found[1])[:-1]]
    return texts[texts.index("Name") + 1 :]


def choose(client: Client, connection: Connection, *names: str, **form: Any) -> Any:
    return client.post(address(connection, "contacts/columns/sandbox/"), {"column": names, **form})


def save(client: Client, connection: Connection, **form: Any) -> Any:
    return client.post(address(connection, "contacts/views/new/sandbox/"), {"query": "", **form})


def view_of(user: User, connection: Connection, **fields: Any) -> SavedView:
    given: dict[str, Any] = {"name": "Hot leads", "query": "ok_to_email=yes", "columns": ["source"]}
    return SavedView.objects.create(
        user=user, installation=connection.installation, created_at=clock.now(), **(given | fields)
    )


def test_a_person_chooses_columns_and_finds_them_again(
    world: World, synced: Connection, browser: Browser
) -> None:
    editor = world.member("editor")
    client = browser(editor)
    response = choose(client, synced, "source", "remote_id", "email", query="sort=city&ok_to_email=yes")
    assert response["Location"] == address(synced) + "?ok_to_email=yes&sort=city"
    assert heads(page(browser(editor), address(synced))) == ["Source", "Total Expert ID", "Email"]
    others = page(browser(world.operator), address(synced))
    assert heads(others) == ["Email", "Phone", "City", "Owner", "Updated"]
    choose(client, synced, "source", reset="yes")
    assert heads(page(client, address(synced))) == heads(others)


@pytest.mark.parametrize(
    ("move", "order"),
    [
        ("email:up", ["email", "source", "city"]),
        ("email:down", ["source", "city", "email"]),
        ("source:up", ["source", "email", "city"]),
        ("city:down", ["source", "email", "city"]),
        ("owner:up", ["source", "email", "city"]),
        ("nonsense", ["source", "email", "city"]),
    ],
)
def test_without_javascript_a_column_moves_by_one_place(
    world: World, synced: Connection, browser: Browser, move: str, order: list[str]
) -> None:
    choose(browser(world.operator), synced, "source", "email", "city", move=move)
    assert ColumnChoice.objects.get().columns == order


def test_columns_nobody_knows_are_not_kept(world: World, synced: Connection, browser: Browser) -> None:
    client = browser(world.operator)
    choose(client, synced, "search", "digest", "owner__email", "city")
    assert ColumnChoice.objects.get().columns == ["city"]
    choose(client, synced)
    assert ColumnChoice.objects.get().columns == list(columns.DEFAULT)


def test_every_column_costs_no_more_queries(
    world: World, synced: Connection, browser: Browser, django_assert_max_num_queries: Any
) -> None:
    client = browser(world.operator)
    choose(client, synced, *columns.COLUMNS)
    for number in range(5):
        view_of(world.operator, synced, name=f"View {number}", is_pinned=number % 2 == 0)
    page(client, address(synced))
    with django_assert_max_num_queries(27):
        html = page(client, address(synced))
    assert len(heads(html)) == len(columns.COLUMNS)


def test_the_columns_shown_are_exported(world: World, synced: Connection, browser: Browser) -> None:
    client = browser(world.operator)
    choose(client, synced, "source", "remote_id")
    form = {"all": "1", "query": ""}
    response = client.post(address(synced, "contacts/export/sandbox/csv/"), form)
    assert b"".join(response.streaming_content).splitlines()[0].decode("utf-8-sig") == (
        "Total Expert ID,Name,Source"
    )


def test_a_view_keeps_filters_order_and_columns(world: World, synced: Connection, browser: Browser) -> None:
    person = world.member("viewer")
    client = browser(person)
    choose(client, synced, "city", "source")
    query = "ok_to_email=yes&sort=-updated&size=25"
    assert "OK to email: yes" in page(client, address(synced, f"contacts/views/new/sandbox/?{query}"))
    response = save(client, synced, name="Emailable", query=query, is_pinned="on")
    view = SavedView.objects.get()
    assert (view.query, view.columns) == ("ok_to_email=yes&sort=-updated", ["city", "source"])
    choose(client, synced, "phone")
    html = page(client, response["Location"])
    assert heads(html) == ["City", "Source"]
    assert "OK to email: yes" in html
    assert 'value="-updated" selected' in html
    link = re.search(r'<a class="chip" href="([^"]+)" aria-current="page">Emailable', html)
    assert link
    assert heads(page(client, address(synced))) == ["Phone"]


def test_changes_are_saved_in_the_open_view_or_as_a_new_one(
    world: World, synced: Connection, browser: Browser
) -> None:
    client = browser(world.operator)
    view = view_of(world.operator, synced)
    unchanged = page(client, address(synced) + f"?ok_to_email=yes&view={view.pk}")
    assert "Save changes to" not in unchanged and "Save as new view" not in unchanged
    html = page(client, address(synced) + f"?ok_to_email=no&view={view.pk}")
    assert "Save changes to “Hot leads”" in html and "Save as new view" in html
    client.post(address(synced, f"contacts/views/{view.pk}/update/"), {"query": f"state=MN&view={view.pk}"})
    choose(client, synced, "state", query=f"state=MN&view={view.pk}")
    view.refresh_from_db()
    assert (view.query, view.columns) == ("state=MN", ["state"])
    assert not ColumnChoice.objects.exists(), "the open view's columns, not the person's"


def test_filters_that_change_as_one_types_stay_in_the_open_view(
    world: World, synced: Connection, browser: Browser
) -> None:
    view = view_of(world.operator, synced)
    html = page(browser(world.operator), address(synced) + f"?view={view.pk}")
    assert f'<input type="hidden" name="view" value="{view.pk}">' in html
    answer = browser(world.operator).get(
        address(synced), {"view": view.pk, "ok_to_call": "yes"}, headers={"HX-Request": "true"}
    )
    assert parse_qs(urlsplit(answer["HX-Push-Url"]).query)["view"] == [str(view.pk)]
    assert heads(answer.content.decode()) == ["Source"]


def test_a_private_view_exists_for_nobody_else(world: World, synced: Connection, browser: Browser) -> None:
    view = view_of(world.member("editor"), synced, is_pinned=True)
    for role in ("operator", "admin", "viewer"):
        other = world.operator if role == "operator" else world.member(role)
        client = browser(other)
        html = page(client, address(synced) + f"?view={view.pk}")
        assert view.name not in html
        assert heads(html) == ["Email", "Phone", "City", "Owner", "Updated"]
        assert client.get(address(synced, f"contacts/views/{view.pk}/")).status_code == 404
        for verb in ("update", "delete"):
            assert client.post(address(synced, f"contacts/views/{view.pk}/{verb}/")).status_code == 404
    assert SavedView.objects.filter(pk=view.pk, query="ok_to_email=yes").exists()


def test_a_shared_view_is_seen_by_all_and_changed_by_its_author_and_managers(
    world: World, synced: Connection, browser: Browser
) -> None:
    view = view_of(world.member("editor"), synced, is_shared=True)
    for role, status in (("admin", 200), ("viewer", 404), ("editor", 404)):
        client = browser(world.member(role))
        assert view.name in page(client, address(synced))
        assert client.get(address(synced, f"contacts/views/{view.pk}/")).status_code == status
    stranger = browser(world.member("admin", BLUEWATER))
    assert stranger.get(address(synced, f"contacts/views/{view.pk}/")).status_code == 404
    elsewhere = f"/organizations/bluewater-mortgage/contacts/views/{view.pk}/"
    assert stranger.get(elsewhere).status_code == 404


def test_only_roles_that_edit_share_views(world: World, synced: Connection, browser: Browser) -> None:
    new = address(synced, "contacts/views/new/sandbox/")
    viewer, editor = browser(world.member("viewer")), browser(world.member("editor"))
    assert "Share with everyone" not in page(viewer, new)
    assert "Share with everyone" in page(editor, new)
    for client, name in ((viewer, "Mine"), (editor, "Ours")):
        save(client, synced, name=name, query="q=smith", is_shared="on")
    assert dict(SavedView.objects.values_list("name", "is_shared")) == {"Mine": False, "Ours": True}


def test_a_view_is_renamed_and_deleted(world: World, synced: Connection, browser: Browser) -> None:
    client, view = browser(world.operator), view_of(world.operator, synced)
    own = address(synced, f"contacts/views/{view.pk}/")
    client.post(own, {"name": "Warm leads", "is_pinned": "on"})
    view.refresh_from_db()
    assert (view.name, view.is_pinned, view.query, view.columns) == (
        "Warm leads",
        True,
        "ok_to_email=yes",
        ["source"],
    )
    response = client.post(f"{own}delete/")
    assert response["Location"] == address(synced) + "?environment=sandbox"
    assert not SavedView.objects.exists()
    assert heads(page(client, address(synced) + f"?view={view.pk}")) == heads(page(client, address(synced)))


def test_a_manager_who_renames_a_shared_view_leaves_it_shared(
    world: World, synced: Connection, browser: Browser
) -> None:
    view = view_of(world.member("editor"), synced, is_shared=True)
    client = browser(world.operator)
    assert "checked" in page(client, address(synced, f"contacts/views/{view.pk}/"))
    client.post(address(synced, f"contacts/views/{view.pk}/"), {"name": "Warm", "is_shared": "on"})
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Warm", True)


@pytest.mark.parametrize("name", ["Hot leads", "hot LEADS", " Hot leads "])
def test_a_name_is_used_once_by_a_person(
    world: World, synced: Connection, browser: Browser, name: str
) -> None:
    view_of(world.operator, synced)
    other = view_of(world.operator, synced, name="Other")
    client = browser(world.operator)
    assert "You already have a view called" in save(client, synced, name=name).content.decode()
    renamed = client.post(address(synced, f"contacts/views/{other.pk}/"), {"name": name})
    assert "You already have a view called" in renamed.content.decode()
    assert set(SavedView.objects.values_list("name", flat=True)) == {"Hot leads", "Other"}


def test_a_person_saves_a_limited_number_of_views(
    world: World, synced: Connection, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_views, "MOST", 1)
    client = browser(world.operator)
    save(client, synced, name="One")
    assert "You can save up to 1 views" in save(client, synced, name="Two").content.decode()
    assert SavedView.objects.count() == 1


@pytest.mark.parametrize("value", ["abc", "-1", "9" * 30, "0", "%00"])
def test_an_address_with_a_view_that_is_none_shows_the_list(
    world: World, synced: Connection, browser: Browser, value: str
) -> None:
    html = page(browser(world.operator), address(synced) + f"?view={value}")
    assert len(re.findall(r"<tr data-href", html)) == min(50, Contact.objects.count())
    assert 'name="view"' not in html
