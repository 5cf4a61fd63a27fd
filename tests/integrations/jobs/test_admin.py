"""Jobs in Django's admin."""

from typing import Any

import pytest
from django.test import Client

from integrations.connections.models import Installation
from integrations.jobs import queue
from integrations.jobs.models import Job, JobState
from portal.accounts.models import User
from portal.audit.models import Entry
from tests.integrations.jobs.conftest import another_installation, connection_of
from tests.integrations.jobs.jobs import counting, counting_of

pytestmark = pytest.mark.django_db
LIST = "/admin/jobs/job/"


@pytest.fixture
def browser(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def in_state(job: Job, state: JobState) -> Job:
    Job.objects.filter(pk=job.pk).update(state=state)
    job.refresh_from_db()
    return job


def act(browser: Client, action: str, *jobs: Job) -> list[tuple[str, str]]:
    form = {"action": action, "_selected_action": [job.pk for job in jobs], "confirmed": "yes"}
    page = browser.post(LIST, form, follow=True)
    return sorted((each.level_tag, str(each)) for each in page.context["messages"])


@pytest.mark.parametrize(
    ("action", "before", "after", "recorded"),
    [
        ("retry", JobState.FAILED, JobState.WAITING, "job.retried"),
        ("retry", JobState.CANCELED, JobState.WAITING, "job.retried"),
        ("cancel", JobState.RUNNING, JobState.CANCELED, "job.canceled"),
        ("pause", JobState.WAITING, JobState.PAUSED, "job.paused"),
        ("resume", JobState.PAUSED, JobState.WAITING, "job.resumed"),
    ],
)
def test_an_action_is_the_one_of_the_portal_with_its_audit_row(
    browser: Client,
    operator: User,
    installation: Installation,
    action: str,
    before: JobState,
    after: JobState,
    recorded: str,
) -> None:
    job = in_state(counting(installation), before)
    page = browser.get(f"{LIST}{job.pk}/change/")
    place = f"{LIST}{job.pk}/action/{action}/"
    assert place in {tool["url"] for tool in page.context["tools"]}
    browser.get(place)
    assert Job.objects.get(pk=job.pk).state == before
    browser.post(place, {"confirmed": "yes"})
    assert Job.objects.get(pk=job.pk).state == after
    assert Entry.objects.get(action=recorded).actor == operator


def test_each_job_of_many_has_its_outcome(browser: Client, installation: Installation) -> None:
    failed = in_state(counting(installation), JobState.FAILED)
    done = in_state(counting(another_installation("Elm")), JobState.DONE)
    twin = in_state(counting_of(connection_of(another_installation("Oak"))), JobState.FAILED)
    queue.start("tests.own_count", connection=twin.connection)
    assert act(browser, "retry", failed, done, twin) == [
        ("error", f"Job {done.pk} of Elm: This job is done."),
        (
            "error",
            f"Job {twin.pk} of Oak: Nothing was changed. The job is failed now, or another of its kind is active.",
        ),
        ("success", f"Job {failed.pk} of Cedar: Started again."),
    ]


def test_jobs_are_found_by_organization_and_number_and_filtered(
    browser: Client, installation: Installation
) -> None:
    cedars = counting(installation)
    elms = in_state(counting(another_installation("Elm")), JobState.FAILED)

    def found(**query: Any) -> list[Job]:
        return list(browser.get(LIST, query).context["cl"].result_list)

    assert found() == [elms, cedars]
    assert found(q="ced") == [cedars]
    assert found(q=str(elms.pk)) == [elms]
    assert found(state="failed") == [elms]
    assert found(kind="tests.count", organization=installation.organization.pk) == [cedars]
    assert found(kind="tests.own_count") == []


def test_a_jobs_page_shows_the_end_of_its_log(browser: Client, installation: Installation) -> None:
    job = queue.run_now(counting(installation, items=120))
    text = browser.get(f"{LIST}{job.pk}/change/").content.decode()
    assert "item 119" in text and "item 3<" not in text
