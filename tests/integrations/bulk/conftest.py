"""A synced organization, and plans for its contacts that are built and applied in this process."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import QueryDict

from integrations import total_expert
from integrations.bulk import planning, verbs
from integrations.bulk.models import Plan
from integrations.bulk.operations import Operations
from integrations.connections.client import client_for
from integrations.connections.models import Connection
from integrations.directory.browse.chosen import Chosen
from integrations.directory.models import Contact
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from integrations.jobs.models import Job, JobState
from portal.accounts.models import User
from portal.core import clock
from tests.world import World

Edit = Callable[..., Plan]


@pytest.fixture
def admin(world: World) -> Connection:
    """An admin connection to Cedar Home Lending, with its contacts synced."""
    connection = world.connected()
    queue.run_now(sync_jobs.start(connection=connection))
    world.sandbox.pass_time(5)
    return connection


@pytest.fixture
def over_there(admin: Connection) -> total_expert.Client:
    """A client that changes things in Total Expert, as another integration would."""
    return client_for(admin)


@pytest.fixture
def run_jobs(world: World) -> Callable[[], None]:
    """A function that runs all jobs to their ends, however often they wait."""

    def run() -> None:
        for _ in range(60):
            waiting = list(Job.objects.filter(state=JobState.WAITING).order_by("pk"))
            if not waiting:
                return
            if all(job.waits_until and job.waits_until > clock.now() for job in waiting):
                first = min(job.waits_until for job in waiting if job.waits_until)
                world.sandbox.pass_time((first - clock.now()).total_seconds() + 0.01)
            for job in waiting:
                queue.run_now(job)
        raise AssertionError(f"jobs without an end: {waiting}")

    return run


@pytest.fixture
def plan(world: World, admin: Connection, run_jobs: Callable[[], None]) -> Edit:
    """A function that plans an edit of contacts (of all, if none are given) and builds it."""

    def make(*contacts: Contact, actor: User | None = None, query: str = "", **changes: Any) -> Plan:
        data = QueryDict(mutable=True)
        data["query"] = query
        if contacts:
            data.setlist("contact", [str(contact.pk) for contact in contacts])
        else:
            data["all"] = "1"
        made = planning.create(
            installation=admin.installation,
            operations=Operations.checked(**changes),
            chosen=Chosen.read(data),
            actor=actor or world.operator,
        )
        run_jobs()
        made.refresh_from_db()
        return made

    return make


@pytest.fixture
def apply(world: World, run_jobs: Callable[[], None]) -> Callable[..., Plan]:
    """A function that applies a plan to its end, past the pilot, as a person who has looked at it does."""

    def run(plan: Plan, actor: User | None = None) -> Plan:
        actor = actor or world.operator
        count = plan.rows.filter(state="planned").count()
        verbs.apply(plan, actor=actor, digest=plan.digest, typed_count=count)
        run_jobs()
        plan.refresh_from_db()
        if plan.state == "pilot_done":
            verbs.resume(plan, actor=actor)
            run_jobs()
            plan.refresh_from_db()
        return plan

    return run
