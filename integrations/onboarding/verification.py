"""The job that verifies a connection and then starts its first sync."""

import datetime as dt
from typing import Any

from django.db import transaction

from integrations.connections.grants import client_credentials
from integrations.connections.grants import verification as verify
from integrations.connections.models import Connection, ConnectionState, Purpose
from integrations.directory.sync import jobs
from integrations.jobs import queue
from integrations.jobs.models import Job, JobState
from integrations.jobs.run import Run
from integrations.onboarding.models import Verification
from integrations.total_expert import ReconnectRequired, Rejected
from portal.accounts.models import User
from portal.core import clock

KIND = "onboarding.verify"
#: How long entered credentials are stored without a result, and how often older ones are deleted.
UNTRIED, DISCARD_EVERY = dt.timedelta(days=14), dt.timedelta(hours=1)


def start(connection: Connection, *, actor: User | None, purpose: Purpose = Purpose.PERSON) -> Job:
    """Start to verify a connection. A verification that is running starts over when it is done.

    ``purpose`` says whether a person waits for the token of new credentials, or no one (`Purpose.WORK`).
    """
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(verified_at=None)
        Verification.objects.update_or_create(
            connection=connection,
            defaults={
                "steps": [],
                "outcome": Verification.Outcome.RUNNING,
                "problem": "",
                "started_at": clock.now(),
                "finished_at": None,
            },
        )
        # if a person already waits for this job, queue.start keeps that
        arguments = {"person": True} if purpose == Purpose.PERSON else {}
        return queue.start(KIND, connection=connection, requested_by=actor, arguments=arguments)


def can_start(connection: Connection) -> bool:
    """Return whether the connection works or has credentials to try."""
    return connection.state == ConnectionState.ACTIVE or hasattr(connection, "candidate")


def advance(run: Run) -> bool:
    """Verify the job's connection, then start its first sync.

    Raise TryLater if it must wait, and Rejected if the connection doesn't work.
    """
    if run.cursor.get("verified"):
        return True
    connection = Connection.objects.select_related(
        "installation__environment", "installation__organization", "egress"
    ).get(jobs=run.job.pk)
    verification, _ = Verification.objects.get_or_create(
        connection=connection, defaults={"started_at": clock.now()}
    )
    try:
        _try(run, connection, verification)
    except (Rejected, ReconnectRequired) as refused:
        _end(verification, Verification.Outcome.FAILED, str(refused))
        raise Rejected([str(refused)], code="not_verified") from None
    with transaction.atomic():
        _end(verification, Verification.Outcome.DONE, "")
        jobs.start(connection=connection, requested_by=run.job.requested_by)
        run.checkpoint(cursor={"verified": True})
    return True


def _try(run: Run, connection: Connection, verification: Verification) -> None:
    """Run the checks and store each result as soon as it is known. Raise the client's errors."""
    verification.steps, verification.outcome = [], Verification.Outcome.RUNNING
    verification.problem, verification.finished_at = "", None
    verification.save()
    purpose = Purpose.PERSON if run.job.arguments.get("person") else Purpose.WORK
    client_credentials.activate_candidate(connection, purpose=purpose)
    for step in verify.run(connection, purpose=purpose):
        verification.steps.append({"name": step.name, "outcome": step.outcome, "text": step.text})
        verification.save(update_fields=["steps"])
        run.log(step.text, level="warning" if step.outcome == "warned" else "info")


def _end(verification: Verification, outcome: str, problem: str) -> None:
    verification.outcome, verification.problem, verification.finished_at = outcome, problem[:500], clock.now()
    verification.save(update_fields=["outcome", "problem", "finished_at"])


def on_connected(sender: Any, *, connection: Connection, actor: User | None, **kwargs: Any) -> None:
    """Verify a new connection."""
    start(connection, actor=actor)


def on_stopped(sender: object, *, job: Job, **_: Any) -> None:
    """Delete the credentials that a canceled verification was to try."""
    if job.kind == KIND and job.state == JobState.CANCELED and job.connection is not None:
        client_credentials.discard(job.connection)


def discard_forgotten() -> None:
    """Scheduled: delete credentials that were not tried in time, for example because their job failed."""
    client_credentials.discard_forgotten(before=clock.now() - UNTRIED)


def steps_of(connection: Connection, tried: Verification | None) -> list[dict[str, str]]:
    """Return all steps in order with title, state and text: finished, running and waiting ones."""
    done = {step["name"]: step for step in tried.steps} if tried else {}
    running = tried is not None and tried.outcome == Verification.Outcome.RUNNING
    rows = []
    for name, title in verify.STEP_LABELS.items():
        if name in done:
            rows.append({"title": title, "state": done[name]["outcome"], "text": done[name]["text"]})
        elif running:
            rows.append({"title": title, "state": "running", "text": "Running."})
            running = False
        else:
            failed = (
                tried is not None and tried.outcome == Verification.Outcome.FAILED and len(rows) == len(done)
            )
            rows.append(
                {
                    "title": title,
                    "state": "failed" if failed else "waiting",
                    "text": "",  # the page shows the problem below the steps
                }
            )
    return rows
