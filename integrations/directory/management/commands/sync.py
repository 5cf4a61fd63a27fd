"""`manage.py sync`: mirror an organization now, in this process."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.connections.models import Connection, Installation
from integrations.connections.permissions import connection_title
from integrations.directory.browse import coverage
from integrations.directory.sync import jobs as sync
from integrations.directory.sync.runs import Round
from integrations.jobs import queue
from integrations.jobs.models import Job, JobLine, JobState
from portal.core import clock, times
from portal.core.errors import Refused
from portal.organizations import organizations

#: As in sysexits.h: try again later.
LATER = 75
STOPPED = {
    JobState.FAILED: "The sync failed.",
    JobState.CANCELED: "Somebody canceled the sync.",
    JobState.PAUSED: "Somebody paused the sync. Resume it on its page under Jobs.",
}


class Command(BaseCommand):
    help = (
        "Sync an organization's contacts, in every environment where it has a working connection. Waits for nothing: "
        "exit code 75 says that a token slot or Total Expert must be waited for (a worker, manage.py work, goes on by "
        "itself), 1 that it failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization", help="its name or short name")
        parser.add_argument("--full", action="store_true", help="read everything, not only what changed")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON array, an object an environment"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        told: list[tuple[Installation, Round]] = []
        for installation, connections in self._installations(options["organization"]).items():
            if not options["json"]:
                self.stdout.write(f"{installation.environment.label}: syncing …")
            jobs = [self._run(connection, full=options["full"]) for connection in connections]
            told.append((installation, Round(tuple(jobs))))
            if not options["json"]:
                self._tell(*told[-1])
        if options["json"]:
            self.stdout.write(json.dumps([self._row(*each) for each in told], indent=2))
        self._end([synced for _, synced in told])

    def _installations(self, name: str) -> dict[Installation, list[Connection]]:
        """The connections to sync, by the environment they lead into."""
        try:
            organization = organizations.find(name)
        except Refused as refused:
            raise CommandError(f"{refused} Its short name is the one in its page's address.") from None
        admitted = Connection.objects.admitted().filter(installation__organization=organization)
        found: dict[Installation, list[Connection]] = {}
        for connection in admitted.select_related(
            "installation__environment", "installation__organization", "user"
        ):
            found.setdefault(connection.installation, []).append(connection)
        if not found:
            raise CommandError(
                f"{organization.name} has no working connection that was verified, so nothing can be synced. What was "
                f"mirrored stays. Connect it first: manage.py connect {organization.slug} …, or in the browser."
            )
        return found

    def _run(self, connection: Connection, *, full: bool) -> Job:
        """One pass. One over changes that was under way is ended first when everything is asked for."""
        job = queue.run_now(sync.start(connection=connection, full=full))
        if full and job.state == JobState.DONE and not job.arguments.get("full"):
            job = queue.run_now(sync.start(connection=connection, full=True))
        return job

    def _tell(self, installation: Installation, synced: Round) -> None:
        for job in synced.jobs:
            for line in JobLine.objects.filter(job=job).order_by("pk"):
                named = (
                    f"{connection_title(job.connection)}: " if synced.passes > 1 and job.connection else ""
                )
                self.stdout.write(f"  {named}{line.text}")
        if synced.state == JobState.DONE:
            self.stdout.write(f"  Read {synced.done:,} contacts. {coverage.of(installation).sentence()}")

    def _row(self, installation: Installation, synced: Round) -> dict[str, Any]:
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

    def _end(self, all_synced: list[Round]) -> None:
        """Raise CommandError unless every sync is done; what failed comes before what waits.

        As long as one of its connections works, a sync has not failed.
        """
        for synced in all_synced:
            if synced.state in (JobState.FAILED, JobState.CANCELED, JobState.PAUSED):
                raise CommandError(synced.problem or STOPPED[synced.state])
        for synced in all_synced:
            if synced.state == JobState.RUNNING:
                raise CommandError(
                    "A worker is syncing it right now. The Jobs screen shows how far it is.", returncode=LATER
                )
            if synced.state == JobState.WAITING:
                at = synced.waits_until
                until = f" It goes on at {times.soon(at, clock.now())}." if at else ""
                raise CommandError(
                    f"{synced.waits_for or 'The sync is not over.'}{until} What was read is kept, and a worker "
                    "(manage.py work) goes on by itself.",
                    returncode=LATER,
                )
