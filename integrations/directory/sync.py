"""The sync: a job that mirrors what each working connection of an installation sees."""

from django.db import transaction

from integrations.connections.models import Connection, Installation, State
from integrations.directory.legs import Leg
from integrations.directory.progress import Progress
from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.jobs.run import Run
from integrations.total_expert import ReconnectRequired, Rejected, TryLater
from portal.organizations.models import User

KIND = "directory.sync"


def start(*, installation: Installation, asked_by: User | None = None, full: bool = False) -> Job:
    """Sync an installation in the background; the sync that is under way, if there is one.

    ``full`` reads everything. Otherwise a connection reads what changed since its last pass, unless it has none.
    """
    return queue.start(KIND, installation=installation, asked_by=asked_by, arguments={"full": full})


def advance(run: Run) -> bool:
    """One slice: go on with each connection in turn. One that must wait does not keep the others from it.

    Raises TryLater when all that is left must wait, and Rejected or ReconnectRequired when no connection worked.
    """
    progress = Progress.of(run)
    waits: dict[str, TryLater] = {}
    while (connection := _next(run.job.installation, progress, waits)) is not None:
        leg = Leg(run, progress, connection)
        try:
            if not leg.advance():
                return False
        except TryLater as wait:
            waits[str(connection.pk)] = wait
        except (ReconnectRequired, Rejected) as refused:
            leg.fail(str(refused))
            run.note(f"Connection {connection.pk} was left out: {refused}", level="error")
    if waits:
        raise min(waits.values(), key=lambda wait: wait.after if wait.after is not None else float("inf"))
    _conclude(run, progress)
    return True


def _next(installation: Installation, progress: Progress, waits: dict[str, TryLater]) -> Connection | None:
    """A working connection whose pass is not over. Looked up each time: people connect while a sync runs."""
    working = Connection.objects.admitted().filter(installation=installation)
    for connection in working.select_related(
        "installation__environment", "installation__organization", "user"
    ):
        key = str(connection.pk)
        if key not in waits and progress.legs.get(key, {}).get("step") not in ("done", "failed"):
            return connection
    return None


def _conclude(run: Run, progress: Progress) -> None:
    """Say what could not be reached. Raises when nothing was."""
    steps = [leg.get("step") for leg in progress.legs.values()]
    if progress.total != progress.done + progress.failed:  # pages tell about how many there are, not how many
        progress.total = progress.done + progress.failed
        with transaction.atomic():
            progress.save(run)
    if "done" not in steps:
        problems = [leg["problem"] for leg in progress.legs.values() if leg.get("problem")]
        with transaction.atomic():
            progress.legs = {}  # whoever presses Retry wants each connection tried again
            progress.save(run)
        if problems:
            raise Rejected(problems[:1], code="no_connection_worked")
        raise ReconnectRequired(
            "None of the connections works, so nothing could be synced. What was mirrored stays. Reconnect one of them."
        )
    broken = Connection.objects.filter(
        installation=run.job.installation, state__in=[State.NEEDS_RECONNECT, State.QUARANTINED]
    ).count()
    if broken:
        verb = "connection needs" if broken == 1 else "connections need"
        run.note(f"{broken} {verb} somebody to reconnect; what they see was not refreshed.", level="warning")
