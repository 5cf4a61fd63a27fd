"""`manage.py sync`: sync an organization's contacts now, in this process."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.connections.models import Connection, Installation
from integrations.connections.permissions import connection_title
from integrations.directory.browse import coverage
from integrations.directory.sync import jobs as sync
from integrations.directory.sync.runs import SyncRun
from integrations.jobs import queue
from integrations.jobs.models import Job, JobLine, JobState
from portal.core import clock, times
from portal.core.errors import Refused
from portal.organizations import organizations

#: The exit code that asks to try again later (EX_TEMPFAIL in sysexits.h).
TRY_LATER = 75
STOPPED = {
    JobState.FAILED: "The sync failed.",
    JobState.CANCELED: "Someone canceled the sync.",
    JobState.PAUSED: "Someone paused the sync. Resume it on its page under Jobs.",
}


class Command(BaseCommand):
    help = (
        "Sync an organization's contacts in every environment where it has a working connection. The command doesn't "
        "wait: exit code 75 means that the sync needs a token or an answer of Total Expert first (a worker, manage.py "
        "work, continues it), 1 means that it failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization", help="its name or short name")
        parser.add_argument("--full", action="store_true", help="read everything, not only changes")
        parser.add_argument(
            "--json", action="store_true", help="print a JSON array with one object for each environment"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        synced_runs: list[tuple[Installation, SyncRun]] = []
        for installation, connections in self._installations(options["organization"]).items():
            if not options["json"]:
                self.stdout.write(f"{installation.environment.label}: syncing …")
            jobs = [self._run(connection, full=options["full"]) for connection in connections]
            synced_runs.append((installation, SyncRun(tuple(jobs))))
            if not options["json"]:
                self._report(*synced_runs[-1])
        if options["json"]:
            self.stdout.write(json.dumps([self._row(*each) for each in synced_runs], indent=2))
        self._end([synced for _, synced in synced_runs])

    def _installations(self, name: str) -> dict[Installation, list[Connection]]:
        """Return the connections to sync, by installation."""
        try:
            organization = organizations.find(name)
        except Refused as refused:
            raise CommandError(f"{refused} The short name is in the address of its page.") from None
        admitted = Connection.objects.admitted().filter(installation__organization=organization)
        found: dict[Installation, list[Connection]] = {}
        for connection in admitted.select_related(
            "installation__environment", "installation__organization", "user"
        ):
            found.setdefault(connection.installation, []).append(connection)
        if not found:
            raise CommandError(
                f"{organization.name} has no verified working connection, so there is nothing to sync. Connect it in the "
                f"browser, or with manage.py connect {organization.slug} …"
            )
        return found

    def _run(self, connection: Connection, *, full: bool) -> Job:
        """Run one pass. If ``full`` finds an active pass over changes, finish that one first."""
        job = queue.run_now(sync.start(connection=connection, full=full))
        if full and job.state == JobState.DONE and not job.arguments.get("full"):
            job = queue.run_now(sync.start(connection=connection, full=True))
        return job

    def _report(self, installation: Installation, synced: SyncRun) -> None:
        for job in synced.jobs:
            for line in JobLine.objects.filter(job=job).order_by("pk"):
                named = (
                    f"{connection_title(job.connection)}: " if synced.passes > 1 and job.connection else ""
                )
                self.stdout.write(f"  {named}{line.text}")
        if synced.state == JobState.DONE:
            self.stdout.write(f"  Read {synced.done:,} contacts. {coverage.of(installation).sentence()}")

    def _row(self, installation: Installation, synced: SyncRun) -> dict[str, Any]:
        covered = coverage.of(installation)
        return {
            "environment": installation.environment.name,
            "state": synced.state,
            "read": synced.done,
            "failed": synced.failed,
            "contacts": covered.contacts,
            "groups": covered.groups,
            "coverage": covered.sentence(),
            "problem": synced.problem,
            "waits_for": synced.waits_for,
            "waits_until": synced.waits_until.isoformat() if synced.waits_until else None,
        }

    def _end(self, all_synced: list[SyncRun]) -> None:
        """Raise CommandError unless every sync is done. Failures come before waits.

        A sync hasn't failed as long as one of its connections could be read.
        """
        for synced in all_synced:
            if synced.state in (JobState.FAILED, JobState.CANCELED, JobState.PAUSED):
                raise CommandError(synced.problem or STOPPED[synced.state])
        for synced in all_synced:
            if synced.state == JobState.RUNNING:
                raise CommandError(
                    "A worker is syncing it now. See its progress under Jobs.", returncode=TRY_LATER
                )
            if synced.state == JobState.WAITING:
                at = synced.waits_until
                until = f" It continues at {times.soon(at, clock.now())}." if at else ""
                waits = synced.waits_for or "The sync hasn't finished."
                raise CommandError(
                    f"{waits}{until} Contacts read so far are saved, and a "
                    "worker (manage.py work) continues the sync.",
                    returncode=TRY_LATER,
                )
