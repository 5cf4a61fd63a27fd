"""Starting syncs and watching them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from integrations.connections.models import Connection
from integrations.directory.sync import jobs
from integrations.jobs.models import Job
from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core import clock
from tests.world import CEDAR, World

Run = Callable[..., Job]
Browser = Callable[[User], Client]


def address(connection: Connection, path: str = "contacts/") -> str:
    return f"/organizations/{connection.installation.organization.slug}/{path}"


def page(client: Client, url: str, **options: Any) -> str:
    answer = client.get(url, **options)
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


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


def test_a_connection_that_was_not_verified_is_not_synced_and_that_is_said(
    world: World, admin: Connection, browser: Browser
) -> None:
    Connection.objects.update(admitted_at=None)
    answer = browser(world.operator).post(address(admin, "sync/sandbox/"), follow=True)
    assert "no connection here was verified yet" in answer.content.decode()
    assert "Sync now" not in page(browser(world.operator), address(admin))
    assert not Job.objects.exists()


def test_progress_tells_of_all_connections_and_an_officer_of_their_own(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    person = world.member("officer")
    own = world.consented(person)
    jobs.start_all(installation=admin.installation)
    url = address(admin, "sync/sandbox/progress/")
    assert "0 of 2 connections are done" in page(browser(world.operator), url)
    run_sync(own)
    assert "1 of 2 connections are done" in page(browser(world.operator), url)
    assert "has ended" in page(browser(person), url)
    Job.objects.filter(connection=admin).update(state="failed", problem="It broke.", finished_at=clock.now())
    html = page(browser(world.operator), url)
    assert "has ended. 1 of 2 connections could not be synced. It broke." in html
    assert "It broke" not in page(browser(person), url)


def test_a_connection_shows_its_sync_under_way_and_starts_its_own(
    world: World, admin: Connection, browser: Browser
) -> None:
    client, url = browser(world.operator), address(admin, f"connections/{admin.pk}/")
    assert f'name="connection" value="{admin.pk}"' in page(client, url)
    job = jobs.start(connection=admin)
    html = page(client, url)
    assert f"/jobs/{job.pk}/" in html and 'name="connection"' not in html
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


def test_progress_asks_again_until_the_sync_is_over(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    client, url = browser(world.operator), address(admin, "sync/sandbox/progress/")
    jobs.start(connection=admin)
    assert "hx-trigger" in page(client, url)
    assert "hx-trigger" in page(client, address(admin))
    run_sync(admin)
    html = page(client, url)
    assert "hx-trigger" not in html
    assert "has ended" in html


def test_messages_and_titles_of_the_job_name_nobody(
    world: World, admin: Connection, browser: Browser
) -> None:
    answer = browser(world.operator).post(address(admin, "sync/sandbox/"), follow=True)
    assert "The sync has started" in answer.content.decode()
    assert CEDAR not in str(Job.objects.get(kind=jobs.KIND).arguments)
