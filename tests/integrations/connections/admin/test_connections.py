"""Connections in Django's admin: pause, resume, revoke, and what it shows of secrets."""

from typing import Any

import pytest
from django.db import connection as database
from django.test import Client

from integrations.connections import lifecycle
from integrations.connections.models import Connection, ConnectionState, Token
from portal.audit.models import Entry
from portal.core.admin.actions import Action
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
LIST = "/admin/connections/connection/"


@pytest.fixture
def browser(world: World) -> Client:
    client = Client()
    client.force_login(world.operator)
    return client


def act(browser: Client, action: str, *rows: Connection, confirmed: bool = True) -> Any:
    form: dict[str, Any] = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return browser.post(LIST, {**form, **({"confirmed": "yes"} if confirmed else {"index": 0})}, follow=True)


def said(page: Any) -> list[tuple[str, str]]:
    return [(each.level_tag, str(each)) for each in page.context["messages"]]


def state_of(row: Connection) -> str:
    return Connection.objects.values_list("state", flat=True).get(pk=row.pk)


def test_nothing_happens_before_it_is_confirmed(world: World, browser: Client) -> None:
    row = world.connected()
    for page in (act(browser, "pause", row, confirmed=False), browser.get(f"{LIST}{row.pk}/action/pause/")):
        assert page.context["title"] == "Pause connection?"
        assert "Nothing is sent to Total Expert until someone resumes it." in page.content.decode()
        assert state_of(row) == ConnectionState.ACTIVE


def test_pausing_is_the_pause_of_the_portal_with_its_audit_row(world: World, browser: Client) -> None:
    row = world.connected()
    act(browser, "pause", row)
    row.refresh_from_db()
    assert (row.state, row.paused_by) == (ConnectionState.PAUSED, world.operator)
    assert Token.objects.filter(connection=row).exists()
    entry = Entry.objects.get(action="connection.paused")
    assert (entry.actor, entry.object_id) == (world.operator, str(row.pk))


def test_each_row_of_many_has_its_outcome_and_no_message_names_a_person(
    world: World, browser: Client
) -> None:
    one, other = world.connected(), world.consented(world.member("officer", BLUEWATER), BLUEWATER)
    lifecycle.pause(one, actor=world.operator)
    outcome = said(act(browser, "pause", one, other))
    assert sorted(outcome) == [
        ("error", f"Cedar Home Lending, Sandbox, connection {str(one.pk)[:8]}: This connection is paused."),
        ("success", f"Bluewater Mortgage, Sandbox, connection {str(other.pk)[:8]}: Paused."),
    ]
    assert state_of(other) == ConnectionState.PAUSED
    assert Entry.objects.filter(action="connection.paused").count() == 2


def test_an_objects_page_offers_what_its_state_allows(world: World, browser: Client) -> None:
    def offered() -> set[str]:
        page = browser.get(f"{LIST}{row.pk}/change/")
        return {tool["label"] for tool in page.context["tools"]}

    row = world.connected()
    assert {"Pause", "Revoke", "Test"} <= offered() and "Resume" not in offered()
    lifecycle.pause(row, actor=world.operator)
    assert "Resume" in offered() and not {"Pause", "Sync", "Test"} & offered()
    browser.post(f"{LIST}{row.pk}/action/resume/", {"confirmed": "yes"})
    assert state_of(row) == ConnectionState.ACTIVE
    browser.post(f"{LIST}{row.pk}/action/revoke/", {"confirmed": "yes"})
    assert state_of(row) == ConnectionState.REVOKED
    assert not Token.objects.filter(connection=row).exists()
    assert "Revoke" not in offered()


def test_as_many_are_changed_as_the_rate_allows(world: World, browser: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "connection": "1/h/user"}
    rows = [world.connected(), world.connected(BLUEWATER)]
    assert sorted(level for level, _ in said(act(browser, "pause", *rows))) == ["error", "success"]
    assert Connection.objects.filter(state=ConnectionState.PAUSED).count() == 1


def test_a_change_that_came_first_is_told(
    world: World, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody revokes it between the confirmation's look at it and the pause."""
    row = world.connected()
    pause = lifecycle.pause

    def late(found: Connection, **more: Any) -> bool:
        lifecycle.revoke(Connection.objects.get(pk=found.pk), actor=world.operator)
        return pause(found, **more)

    replace(monkeypatch, "pause", late)
    outcome = said(act(browser, "pause", row))
    assert [level for level, _ in outcome] == ["error"] and "is now revoked" in outcome[0][1]
    assert state_of(row) == ConnectionState.REVOKED


def replace(monkeypatch: pytest.MonkeyPatch, name: str, verb: Any) -> None:
    """Let the action call something else than the portal's own function."""
    from integrations.connections.admin import connections

    found = getattr(connections, name.upper())
    changed = Action(
        found.name, found.label, found.consequence, connections._change(verb, "Done."), found.refusal
    )
    monkeypatch.setattr(connections.ConnectionAdmin, "row_actions", (changed,))


def test_secrets_show_as_stored_with_the_last_four_of_the_client_id(world: World, browser: Client) -> None:
    row = world.connected()
    theirs = world.sandbox.organization("Cedar Home Lending")
    text = browser.get(f"{LIST}{row.pk}/change/").content.decode()
    assert f"Stored, ends in …{theirs['client_id'][-4:]}" in text
    token = Token.objects.get(connection=row)
    for secret in (theirs["client_id"], theirs["client_secret"], token.access_token):
        assert secret and secret not in text
    assert "Stored, good until" in text


def test_a_secret_that_does_not_decrypt_leaves_the_page_readable(world: World, browser: Client) -> None:
    row = world.connected()
    other = world.connected(BLUEWATER)
    sealed = Connection.objects.filter(pk=other.pk).values_list("client_id", flat=True).get()
    Connection.objects.filter(pk=row.pk).update(client_id=sealed)
    page = browser.get(f"{LIST}{row.pk}/change/")
    assert page.status_code == 200 and "can’t be decrypted" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_actions_run_outside_of_any_transaction(
    world: World, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what an action sends is sent after it is committed, and nothing waits for it."""
    row = world.connected()
    inside: list[bool] = []

    def look(found: Connection, **more: Any) -> bool:
        inside.append(database.in_atomic_block)
        return True

    replace(monkeypatch, "pause", look)
    act(browser, "pause", row)
    browser.post(f"{LIST}{row.pk}/action/pause/", {"confirmed": "yes"})
    assert inside == [False, False]
