"""Verifying grants as a job, and starting the first sync when they hold."""

from typing import Any

from django.db import transaction
from django.db.models import Q

from integrations.connections import credentials, verify
from integrations.connections.models import Connection, Installation, Purpose, State
from integrations.directory import sync
from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.jobs.run import Run
from integrations.onboarding.models import Verification
from integrations.total_expert import ReconnectRequired, Rejected, TryLater
from portal import clock
from portal.organizations.models import User

KIND = "onboarding.verify"


def start(connection: Connection, *, actor: User | None, purpose: Purpose = Purpose.PERSON) -> Job:
    """Verify a connection, visibly. A verification of the installation that is under way takes it along.

    ``purpose`` says who waits for the token of fresh credentials: a person, or (`Purpose.WORK`) nobody.
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
        # whoever else asks for it: a person who waits stays one
        arguments = {"person": True} if purpose == Purpose.PERSON else {}
        return queue.start(KIND, installation=connection.installation, asked_by=actor, arguments=arguments)


def can_start(connection: Connection) -> bool:
    """Whether there is a grant to verify, or credentials to try."""
    return connection.state == State.ACTIVE or hasattr(connection, "candidate")


def due(installation: Installation) -> list[Connection]:
    """The connections of an installation that wait to be verified."""
    able = Q(state=State.ACTIVE) | Q(candidate__isnull=False)
    rows = installation.connections.filter(able, verification__outcome=Verification.Outcome.RUNNING)
    return list(rows.select_related("installation__environment", "installation__organization"))


def advance(run: Run) -> bool:
    """One slice of the job: verify each connection that waits; afterwards sync what holds.

    One that must wait does not keep the others from it. Raises TryLater when all that is left must wait, and Rejected
    when none held, so that the job is not taken for a success.
    """
    installation = run.job.installation
    held = bool(run.cursor.get("held"))
    waits: list[TryLater] = []
    refusals: list[str] = []
    for connection in due(installation):
        try:
            problem = _verify(run, connection)
        except TryLater as wait:
            waits.append(wait)
            continue
        held |= not problem
        refusals += [problem] if problem else []
        run.checkpoint(cursor={"held": held})
    if held:
        sync.start(installation=installation, asked_by=run.job.asked_by)
        run.checkpoint(cursor={"held": False})
    if waits:
        raise min(waits, key=lambda wait: wait.after if wait.after is not None else float("inf"))
    if refusals and not held:
        raise Rejected(refusals[:1], code="not_verified")
    return not due(installation)


def _verify(run: Run, connection: Connection) -> str:
    """Verify one connection. Answers what is wrong with it; "" when it holds."""
    verification = Verification.objects.get(connection=connection)
    verification.steps = []
    try:
        person_waits = run.job.arguments.get("person")
        credentials.settle(connection, purpose=Purpose.PERSON if person_waits else Purpose.WORK)
        for step in verify.steps(connection):
            verification.steps.append({"name": step.name, "outcome": step.outcome, "text": step.text})
            verification.save(update_fields=["steps"])
            run.note(step.text, level="warning" if step.outcome == "warned" else "info")
    except (Rejected, ReconnectRequired) as refused:
        _end(verification, Verification.Outcome.FAILED, str(refused))
        return str(refused)
    _end(verification, Verification.Outcome.DONE, "")
    return ""


def _end(verification: Verification, outcome: str, problem: str) -> None:
    verification.outcome, verification.problem, verification.finished_at = outcome, problem[:500], clock.now()
    verification.save(update_fields=["outcome", "problem", "finished_at"])


def on_connected(sender: Any, *, connection: Connection, actor: User | None, **kwargs: Any) -> None:
    """A grant arrived: verify it."""
    start(connection, actor=actor)


def steps_of(connection: Connection, tried: Verification | None) -> list[dict[str, str]]:
    """All steps in order with their state: those tried, the one under way, and those still to come."""
    done = {step["name"]: step for step in tried.steps} if tried else {}
    running = tried is not None and tried.outcome == Verification.Outcome.RUNNING
    rows = []
    for name, title in verify.NAMES.items():
        if name in done:
            rows.append({"title": title, "state": done[name]["outcome"], "text": done[name]["text"]})
        elif running:
            rows.append({"title": title, "state": "running", "text": "Under way."})
            running = False
        else:
            failed = (
                tried is not None and tried.outcome == Verification.Outcome.FAILED and len(rows) == len(done)
            )
            rows.append(
                {
                    "title": title,
                    "state": "failed" if failed else "waiting",
                    "text": "",  # the screen says what is wrong below the steps
                }
            )
    return rows
