"""`manage.py sync`."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from integrations.connections import lifecycle
from integrations.connections.models import Connection
from integrations.directory.models import Contact, SyncState
from integrations.directory.sync import jobs
from integrations.directory.sync.steps import pages
from integrations.jobs import queue
from tests.world import World


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("sync", *arguments, stdout=out)
    return out.getvalue()


def test_it_syncs_and_reports_the_coverage(admin: Connection) -> None:
    printed = run("cedar-home-lending")
    assert f"Read {Contact.objects.count()} contacts." in printed
    assert "of all" in printed


def test_every_connection_is_synced_and_the_numbers_cover_all_of_them(
    world: World, admin: Connection
) -> None:
    officer = world.consented(world.member("officer"))
    (row,) = json.loads(run("cedar-home-lending", "--json"))
    sync_states = SyncState.objects.in_bulk(field_name="connection_id")
    assert row["read"] == sync_states[admin.pk].contacts + sync_states[officer.pk].contacts
    assert (row["state"], row["contacts"]) == ("done", Contact.objects.count())
    assert f"Read {row['read']}" not in run("cedar-home-lending"), "the second sync reads only changes"


def test_a_refused_connection_is_reported_and_the_others_are_synced(
    world: World, admin: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAUSES", ())
    officer = world.consented(world.member("officer"))
    run("cedar-home-lending")
    world.sandbox.faults({"method": "GET", "path": "/v1/users", "status": 400})
    (row,) = json.loads(run("cedar-home-lending", "--full", "--json"))
    assert row["state"] == "done"
    assert row["problem"].startswith("1 of 2 connections couldn't be synced.")
    assert SyncState.objects.get(connection=officer).problem == ""
    assert SyncState.objects.get(connection=admin).problem


def test_the_organization_can_be_given_by_name(admin: Connection) -> None:
    assert "Sandbox" in run("Cedar Home Lending")


def test_json_has_one_object_for_each_environment(admin: Connection) -> None:
    (row,) = json.loads(run("cedar-home-lending", "--json"))
    assert row["environment"] == "sandbox"
    assert row["state"] == "done"
    assert row["contacts"] == Contact.objects.count()
    assert row["problem"] == ""


def test_full_reads_everything_again(admin: Connection) -> None:
    run("cedar-home-lending")
    before = SyncState.objects.get(connection=admin).full_finished_at
    run("cedar-home-lending")
    assert SyncState.objects.get(connection=admin).full_finished_at == before
    run("cedar-home-lending", "--full")
    assert SyncState.objects.get(connection=admin).full_finished_at != before


def test_full_reads_everything_even_if_an_incremental_sync_was_waiting(admin: Connection) -> None:
    run("cedar-home-lending")
    before = SyncState.objects.get(connection=admin).full_finished_at
    jobs.start(connection=admin)
    run("cedar-home-lending", "--full")
    assert SyncState.objects.get(connection=admin).full_finished_at != before


def test_an_unknown_organization_is_reported(world: World) -> None:
    with pytest.raises(CommandError, match="There is no organization “no-such-name”"):
        run("no-such-name")


def test_without_a_working_connection_it_says_what_to_do(world: World, admin: Connection) -> None:
    lifecycle.pause(admin, actor=world.operator)
    with pytest.raises(CommandError, match="no verified working connection.*connect cedar-home-lending"):
        run("cedar-home-lending")


def test_if_total_expert_is_down_the_exit_code_is_75_and_nothing_is_lost(
    world: World, admin: Connection
) -> None:
    run("cedar-home-lending")
    count = Contact.objects.count()
    world.sandbox.faults({"method": "GET", "path": "/v1/", "drop": "before", "times": 100})
    with pytest.raises(CommandError, match="It continues at .* a worker") as raised:
        run("cedar-home-lending", "--full")
    assert raised.value.returncode == 75
    assert Contact.objects.count() == count


def test_a_paused_sync_says_so(world: World, admin: Connection) -> None:
    queue.pause(jobs.start(connection=admin), actor=world.operator)
    with pytest.raises(CommandError, match="paused") as raised:
        run("cedar-home-lending")
    assert raised.value.returncode == 1
