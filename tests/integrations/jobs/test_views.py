"""The Jobs list, one job's screen, and what each person may do there."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from integrations.connections.limits import kill_switch
from integrations.connections.models import Environment, Installation
from integrations.connections.permissions import connection_title
from integrations.jobs import queue, worker
from integrations.jobs.models import Job, JobState
from portal.accounts.models import User
from portal.core import clock
from portal.organizations.models import Membership, Organization
from tests.integrations.jobs.conftest import another_installation, connection_of
from tests.integrations.jobs.jobs import counting, counting_of
from tests.portal.people import person

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def elm(installation: Installation) -> Installation:
    return another_installation("Elm")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def member(installation: Installation, role: str) -> User:
    user = person(f"{role}{User.objects.count()}@cedar.example")
    Membership.objects.create(
        user=user, organization=installation.organization, role=role, created_at=clock.now()
    )
    return user


def page(client: Client, address: str, **options: Any) -> str:
    answer = client.get(address, **options)
    assert answer.status_code == 200
    return str(answer.content.decode())


def listed(html: str) -> list[int]:
    """The jobs in a list, in order."""
    return [int(pk) for pk in re.findall(r" href=\"[^\"]*/jobs/(\d+)/\"", html)]


def address_of(job: Job, verb: str = "") -> str:
    if verb:
        return reverse("change_job", args=[job.organization.slug, job.pk, verb])
    return reverse("job", args=[job.organization.slug, job.pk])


def ended(installation: Installation) -> Job:
    return queue.run_now(counting(installation))


def test_what_runs_is_listed_before_what_waits_and_what_ended(
    installation: Installation, elm: Installation, operator: User
) -> None:
    running, waiting = counting(installation), queue.start("tests.later", installation=elm)
    done = queue.run_now(counting(elm))
    assert worker.claim(running.pk) is not None
    html = page(browser(operator), reverse("jobs"))
    assert listed(html) == [running.pk, waiting.pk, done.pk]


def test_a_waiting_job_says_for_what(installation: Installation, operator: User) -> None:
    job = queue.run_now(queue.start("tests.later", installation=installation))
    for address in (reverse("jobs"), address_of(job), reverse("home")):
        assert "No token slot is free before 14:32 UTC." in page(browser(operator), address)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=done", ["done"]),
        ("kind=tests.later", ["later"]),
        ("organization=elm", ["done"]),
        ("organization=elm&kind=tests.later", []),
        ("state=&kind=&organization=", ["later", "done"]),
        ("organization=lm", ["done"]),
        ("organization=%EF%BC%A5%EF%BC%AC%EF%BC%AD", ["done"]),  # full-width letters
        ("organization=unknown", []),
        ("state=nonsense&kind=nonsense&connection=nonsense", ["later", "done"]),
    ],
)
def test_the_list_can_be_narrowed(
    installation: Installation, elm: Installation, operator: User, query: str, expected: list[str]
) -> None:
    jobs = {
        "later": queue.run_now(queue.start("tests.later", installation=installation)),
        "done": ended(elm),
    }
    html = page(browser(operator), f"{reverse('jobs')}?{query}", headers=FRAGMENT)
    assert listed(html) == [jobs[name].pk for name in expected]
    if not expected:
        assert "No matching jobs" in html


def test_members_see_the_jobs_and_the_filters_of_their_own_organizations(
    installation: Installation, elm: Installation
) -> None:
    mine, other = ended(installation), ended(elm)
    client = browser(member(installation, "viewer"))
    html = page(client, reverse("jobs"))
    assert listed(html) == [mine.pk]
    assert "Elm" not in html
    assert listed(page(client, reverse("jobs") + "?organization=elm", headers=FRAGMENT)) == []
    assert client.get(address_of(other)).status_code == 404


def test_an_officer_sees_the_jobs_they_asked_for_and_those_of_their_connection(
    installation: Installation,
) -> None:
    officer = member(installation, "officer")
    connection = connection_of(installation, officer)
    foreign = queue.run_now(counting_of(connection_of(installation, member(installation, "officer"))))
    theirs = queue.run_now(queue.start("tests.own_refused", connection=connection))
    asked = queue.start("tests.later", installation=installation, requested_by=officer)
    client = browser(officer)
    assert listed(page(client, reverse("jobs"))) == [asked.pk, theirs.pk]
    assert client.get(address_of(foreign)).status_code == 404
    assert foreign.connection is not None
    html = page(client, f"{reverse('jobs')}?connection={foreign.connection_id}")
    assert connection_title(foreign.connection) not in html and len(listed(html)) == 2
    assert client.post(address_of(theirs, "retry")).status_code == 302
    assert client.post(address_of(foreign, "retry")).status_code == 404
    assert client.post(address_of(asked, "pause")).status_code == 302
    asked.refresh_from_db()
    assert asked.state == JobState.PAUSED


@pytest.mark.parametrize(("role", "may"), [("admin", True), ("editor", False), ("viewer", False)])
def test_only_some_may_change(installation: Installation, role: str, may: bool) -> None:
    job = counting(installation)
    client = browser(member(installation, role))
    assert ("Cancel job" in page(client, address_of(job))) is may
    assert client.post(address_of(job, "cancel")).status_code == (302 if may else 404)
    job.refresh_from_db()
    assert (job.state == JobState.CANCELED) is may


def test_looking_at_a_job_changes_nothing_and_steering_takes_a_post(
    installation: Installation, operator: User
) -> None:
    job = counting(installation)
    client = browser(operator)
    page(client, address_of(job))
    assert client.get(address_of(job, "cancel")).status_code == 405
    job.refresh_from_db()
    assert job.state == JobState.WAITING


def test_a_job_that_moved_on_meanwhile_is_left_alone_and_that_is_said(
    installation: Installation, operator: User
) -> None:
    job = ended(installation)
    answer = browser(operator).post(address_of(job, "pause"), follow=True)
    assert "Nothing was changed" in answer.content.decode()
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_progress_is_polled_until_the_job_has_ended(installation: Installation, operator: User) -> None:
    job = counting(installation)
    client = browser(operator)
    for address in (address_of(job), reverse("jobs")):
        assert 'hx-trigger="every 2s"' in page(client, address, headers=FRAGMENT)
    queue.run_now(job)
    for address in (address_of(job), reverse("jobs")):
        assert 'hx-trigger="every' not in page(client, address, headers=FRAGMENT)


def test_a_job_shows_how_far_and_how_fast_it_is(installation: Installation, operator: User) -> None:
    job = counting(installation)
    assert worker.claim(job.pk) is not None
    Job.objects.filter(pk=job.pk).update(done=12_431, total=50_000, work_seconds=40, failed=7)
    html = page(browser(operator), address_of(job))
    for text in (
        "12,431 of 50,000",
        "311 per second",
        "Finishes</dt>",
        '<progress class="progress" max="50000"',
    ):
        assert text in html
    html = page(browser(operator), reverse("jobs"))
    for text in ("12,431 of 50,000", "311 per second", "7 failed"):
        assert text in html


def test_what_a_job_noted_is_shown_last_first(installation: Installation, operator: User) -> None:
    html = page(browser(operator), address_of(ended(installation)))
    assert re.findall(r"item \d", html) == ["item 2", "item 1", "item 0"]


def test_the_list_costs_the_same_queries_however_many_jobs(
    installation: Installation, operator: User, django_assert_max_num_queries: Any
) -> None:
    environment = Environment.objects.get()
    for number in range(12):
        organization = Organization.objects.create(
            name=f"O{number}", slug=f"o{number}", created_at=clock.now()
        )
        queue.start(
            "tests.later",
            installation=Installation.objects.create(
                organization=organization, environment=environment, created_at=clock.now()
            ),
        )
    client = browser(operator)
    page(client, reverse("jobs"))
    with django_assert_max_num_queries(15):
        page(client, reverse("jobs"), headers=FRAGMENT)


def test_refreshing_the_rows_does_not_query_the_filter_choices(
    installation: Installation, elm: Installation, operator: User
) -> None:
    counting(installation), counting(elm)
    client = browser(operator)

    def choices_read(**options: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(listed(page(client, reverse("jobs"), **options))) == 2
        return sum(each["sql"].startswith('SELECT "connections_connection') for each in queries)

    assert choices_read() == 1
    assert choices_read(headers=FRAGMENT) == 0


def test_an_unusable_organization_filter_is_ignored(installation: Installation, operator: User) -> None:
    job = counting(installation)
    assert listed(page(browser(operator), f"{reverse('jobs')}?organization=%00")) == [job.pk]


def test_jobs_say_whose_connection_they_are_of_and_are_narrowed_to_one(
    installation: Installation, operator: User
) -> None:
    connections = [connection_of(installation, member(installation, "officer")) for _ in range(2)]
    jobs = [counting_of(connection) for connection in connections]
    titles = [escape(connection_title(connection)) for connection in connections]
    client = browser(operator)
    html = page(client, reverse("jobs"))
    assert all(title in html for title in titles)
    assert all(title in page(client, reverse("home")) for title in titles)
    assert titles[0] in page(client, address_of(jobs[0]))
    narrowed = page(client, f"{reverse('jobs')}?connection={connections[1].pk}", headers=FRAGMENT)
    assert listed(narrowed) == [jobs[1].pk]
    for nonsense in ("nonsense", "0", str(uuid.uuid4())):
        assert len(listed(page(client, f"{reverse('jobs')}?connection={nonsense}", headers=FRAGMENT))) == 2


def test_the_connections_to_choose_from_are_those_of_one_organization(
    installation: Installation, elm: Installation, operator: User
) -> None:
    for place in (installation, installation, elm):
        connection_of(place, member(place, "officer"))
    client = browser(operator)
    assert 'name="connection"' not in page(client, reverse("jobs"))
    html = page(client, reverse("jobs") + f"?organization={installation.organization.slug}")
    assert html.count("&#x27;s connection") == 2


def test_an_officer_may_pause_the_job_of_their_own_connection_that_the_portal_started(
    installation: Installation,
) -> None:
    officer = member(installation, "officer")
    job = counting_of(connection_of(installation, officer))
    assert browser(officer).post(address_of(job, "pause")).status_code == 302
    job.refresh_from_db()
    assert job.state == JobState.PAUSED


def test_while_all_calls_are_stopped_no_time_is_promised(installation: Installation) -> None:
    operator = User.objects.create_superuser("olivia@partner.example")
    job = counting(installation)
    soon = clock.now() + dt.timedelta(seconds=50)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.WAITING, waits_for="All is stopped.", waits_until=soon
    )
    viewer = browser(member(installation, "viewer"))
    addresses = (reverse("jobs"), reverse("job", args=[installation.organization.slug, job.pk]))
    assert all("ontinues in " in re.sub(r"<[^>]+>", "", page(viewer, address)) for address in addresses)
    kill_switch.activate(reason="The vendor called.", actor=operator)
    assert not any("ontinues in " in re.sub(r"<[^>]+>", "", page(viewer, address)) for address in addresses)
