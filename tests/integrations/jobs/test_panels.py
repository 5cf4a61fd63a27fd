"""What jobs show on Home and on the Organization screen."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from integrations.connections.models import Connection, ConnectionState, Installation
from integrations.jobs import panels, queue
from integrations.jobs.models import Job, JobState
from portal.accounts.models import User
from portal.core import clock
from tests.integrations.jobs.conftest import another_installation, connection_of
from tests.integrations.jobs.jobs import counting

pytestmark = pytest.mark.django_db


def request_of(user: User | AnonymousUser) -> HttpRequest:
    request = HttpRequest()
    request.user = user
    return request


def on_home(user: User) -> list[Job]:
    return [row["job"] for row in panels.on_home(request_of(user), None)["rows"]]


def test_home_shows_what_failed_then_what_is_under_way_but_not_what_is_done(
    installation: Installation, operator: User
) -> None:
    waiting = counting(installation)
    queue.run_now(counting(another_installation("Elm")))
    failed = queue.run_now(queue.start("tests.refused", installation=installation))
    assert on_home(operator) == [failed, waiting]


def test_a_failure_that_was_made_good_since_leaves_home(installation: Installation, operator: User) -> None:
    queue.run_now(queue.start("tests.refused", installation=installation))
    successor = queue.start("tests.refused", installation=installation)
    assert on_home(operator) == [successor]


def test_a_failure_of_one_connection_is_not_made_good_by_another_one(
    installation: Installation, operator: User
) -> None:
    failed = queue.run_now(queue.start("tests.own_refused", connection=connection_of(installation)))
    other = queue.start("tests.own_refused", connection=connection_of(installation))
    assert on_home(operator) == [failed, other]
    assert failed.connection is not None
    again = queue.start("tests.own_refused", connection=failed.connection)
    assert on_home(operator) == [again, other]


@pytest.mark.parametrize(
    ("state", "other", "leaves"),
    [
        (ConnectionState.PENDING, ConnectionState.ACTIVE, True),
        (ConnectionState.PENDING, ConnectionState.PENDING, False),
        (ConnectionState.PENDING, ConnectionState.REVOKED, False),
        (ConnectionState.ACTIVE, ConnectionState.ACTIVE, False),
        (ConnectionState.NEEDS_RECONNECT, ConnectionState.ACTIVE, False),
        (ConnectionState.REVOKED, ConnectionState.PENDING, True),
    ],
)
def test_a_failure_leaves_home_when_its_connection_is_given_up(
    installation: Installation, operator: User, state: str, other: str, leaves: bool
) -> None:
    given_up, another = connection_of(installation), connection_of(installation)
    failed = queue.run_now(queue.start("tests.own_refused", connection=given_up))
    assert on_home(operator) == [failed]
    Connection.objects.filter(pk=given_up.pk).update(state=state)
    Connection.objects.filter(pk=another.pk).update(state=other, since=clock.now())
    assert on_home(operator) == ([] if leaves else [failed])


def test_a_failure_of_long_ago_leaves_home(installation: Installation, operator: User) -> None:
    queue.run_now(queue.start("tests.refused", installation=installation))
    clock.advance(panels.RECENT.total_seconds() + 1)
    assert on_home(operator) == []


def test_many_failures_do_not_hide_what_is_under_way(installation: Installation, operator: User) -> None:
    failed = [
        queue.run_now(queue.start("tests.own_refused", connection=connection_of(installation)))
        for _ in range(6)
    ]
    assert on_home(operator) == failed[:0:-1]
    waiting = [counting(another_installation(name)) for name in ("Elm", "Oak", "Fir", "Ash")]
    assert on_home(operator) == [*failed[:3:-1], *waiting[:0:-1]]
    counts = panels.on_home(request_of(operator), None)["counts"]
    assert counts == [(JobState.FAILED, 6), (JobState.WAITING, 4)]


def test_an_organization_shows_its_own_latest_jobs(installation: Installation, operator: User) -> None:
    counting(another_installation("Elm"))
    jobs = [queue.run_now(counting(installation)) for _ in range(panels.SHOWN + 1)]
    context = panels.on_organization(request_of(operator), installation.organization)
    assert [row["job"] for row in context["rows"]] == jobs[:0:-1]
