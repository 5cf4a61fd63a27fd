"""Starting syncs and their progress."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from integrations.connections.models import Connection
from integrations.directory.sync import jobs
from integrations.jobs.models import Job
from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core import clock
from tests.integrations.directory.visits import address, page
from tests.world import CEDAR, World

Run = Callable[..., Job]
Browser = Callable[[User], Client]


def test_sync_now_starts_a_sync_and_notes_who_asked(
    world: World, admin: Connection, browser: Browser
) -> None:
    answer = browser(world.operator).post(address(admin, "sync/sandbox/"))
    assert answer.status_code == 302
    job = Job.objects.get(kind=jobs.KIND)
    assert (job.requested_by, job.is_active) == (world.operator, True)
    assert Entry.objects.filter(action="directory.sync", actor=world.operator).exists()


def test_sync_now_starts_all_connections_the_one_that_is_named_or_a_persons_own(
    world: World, admin: Connection, browser: Browser
) -> None:
    person = world.member("officer")
    own = world.consented(person)
    client, url = browser(world.operator), address(admin, "sync/sandbox/")
    assert browser(person).post(url, {"connection": str(admin.pk)}).status_code == 404
    browser(person).post(url)
    assert [job.connection for job in Job.objects.all()] == [own]
    Job.objects.all().delete()
    client.post(url, {"connection": str(admin.pk)})
    assert [job.connection for job in Job.objects.all()] == [admin]
    client.post(url)
    assert {job.connection for job in Job.objects.all()} == {admin, own}


def test_an_unverified_connection_is_not_synced_and_the_page_says_so(
    world: World, admin: Connection, browser: Browser
) -> None:
    Connection.objects.update(admitted_at=None)
    answer = browser(world.operator).post(address(admin, "sync/sandbox/"), follow=True)
    assert "No connection here has been verified yet" in answer.content.decode()
    assert "Sync now" not in page(browser(world.operator), address(admin))
    assert not Job.objects.exists()


def test_progress_covers_all_connections_and_a_loan_officers_only_their_own(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    person = world.member("officer")
    own = world.consented(person)
    jobs.start_all(installation=admin.installation)
    url = address(admin, "sync/sandbox/progress/")
    assert "0 of 2 connections done" in page(browser(world.operator), url)
    run_sync(own)
    assert "1 of 2 connections done" in page(browser(world.operator), url)
    assert "has finished" in page(browser(person), url)
    Job.objects.filter(connection=admin).update(state="failed", problem="It broke.", finished_at=clock.now())
    html = page(browser(world.operator), url)
    assert escape("has finished. 1 of 2 connections couldn't be synced. It broke.") in html
    assert "It broke" not in page(browser(person), url)


def test_a_connection_can_be_synced_and_shows_its_current_sync(
    world: World, admin: Connection, browser: Browser
) -> None:
    client, url = browser(world.operator), address(admin, f"connections/{admin.pk}/")
    assert f'name="connection" value="{admin.pk}"' in page(client, url)
    job = jobs.start(connection=admin)
    assert f"/jobs/{job.pk}/" in page(client, url)
    assert "0 of 2" not in page(client, f"/organizations/{admin.installation.organization.slug}/")


def test_sync_now_is_a_post(world: World, admin: Connection, browser: Browser) -> None:
    assert browser(world.operator).get(address(admin, "sync/sandbox/")).status_code == 405


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_viewers_and_editors_start_no_sync(
    world: World, admin: Connection, browser: Browser, role: str
) -> None:
    person = browser(world.member(role))
    assert person.post(address(admin, "sync/sandbox/")).status_code == 404
    assert "Sync now" not in page(person, address(admin))


def test_progress_polls_until_the_sync_has_finished(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    client, url = browser(world.operator), address(admin, "sync/sandbox/progress/")
    jobs.start(connection=admin)
    assert "hx-trigger" in page(client, url)
    assert "hx-trigger" in page(client, address(admin))
    run_sync(admin)
    html = page(client, url)
    assert "hx-trigger" not in html
    assert "has finished" in html


def test_the_job_contains_no_names(world: World, admin: Connection, browser: Browser) -> None:
    answer = browser(world.operator).post(address(admin, "sync/sandbox/"), follow=True)
    assert "The sync has started" in answer.content.decode()
    assert CEDAR not in str(Job.objects.get(kind=jobs.KIND).arguments)


@pytest.mark.parametrize("times", [30, pytest.param(200, marks=pytest.mark.soak)])
def test_pressing_sync_now_again_and_again_writes_one_audit_row(
    world: World, admin: Connection, browser: Browser, settings: Any, times: int
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "sync": "20/h/user"}
    person = world.member("officer")
    world.consented(person)
    client = browser(person)
    before = Entry.objects.count()
    for _ in range(times):
        client.post(address(admin, "sync/sandbox/"))
    assert Entry.objects.filter(action="directory.sync", actor=person).count() == 1
    assert Entry.objects.count() == before + 1
    assert Job.objects.filter(kind=jobs.KIND).count() == 1
    said = client.get(address(admin)).content.decode()
    assert "You have done this too often" in said


def test_a_sync_that_is_asked_for_more_is_noted_again(world: World, admin: Connection) -> None:
    for full in (False, False, True, True):
        jobs.request_sync(connection=admin, actor=world.operator, full=full)
    assert Entry.objects.filter(action="directory.sync").count() == 2


def test_pressing_a_jobs_buttons_again_and_again_writes_a_bounded_number_of_rows(
    world: World, admin: Connection, browser: Browser, settings: Any
) -> None:
    verbs, rows = ("pause", "resume"), 8
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "change": f"{rows}/h/user"}
    job, client = jobs.start(connection=admin), browser(world.operator)
    before = Entry.objects.count()
    for number in range(rows + 8):
        client.post(address(admin, f"jobs/{job.pk}/{verbs[number % len(verbs)]}/"))
    assert Entry.objects.count() == before + rows
