"""`manage.py sync`: mirror an organization now, in this process."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.connections.models import Connection, Installation
from integrations.directory import coverage, sync
from integrations.jobs import queue
from integrations.jobs.models import Job, JobLine, State
from portal import clock, moments
from portal.organizations import organizations
from portal.organizations.refusals import Refused

#: As in sysexits.h: try again later.
LATER = 75
STOPPED = {
    State.FAILED: "The sync failed.",
    State.CANCELLED: "Somebody cancelled the sync.",
    State.PAUSED: "Somebody paused the sync. Resume it on its page under Jobs.",
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
        installations = self._installations(options["organization"])
        jobs = []
        for installation in installations:
            if not options["json"]:
                self.stdout.write(f"{installation.environment.label}: syncing …")
            job = self._run(installation, full=options["full"])
            jobs.append(job)
            if not options["json"]:
                self._tell(installation, job)
        if options["json"]:
            rows = [self._row(row, job) for row, job in zip(installations, jobs, strict=True)]
            self.stdout.write(json.dumps(rows, indent=2))
        self._end(jobs)

    def _installations(self, name: str) -> list[Installation]:
        try:
            organization = organizations.find(name)
        except Refused as refused:
            raise CommandError(f"{refused} Its short name is the one in its page's address.") from None
        working = Connection.objects.working().filter(installation__organization=organization)
        rows = Installation.objects.filter(pk__in=working.values("installation"))
        installations = list(rows.select_related("environment", "organization"))
        if not installations:
            raise CommandError(
                f"{organization.name} has no working connection, so nothing can be synced. What was mirrored stays. "
                f"Connect it first: manage.py connect {organization.slug} …, or in the browser."
            )
        return installations

    def _run(self, installation: Installation, *, full: bool) -> Job:
        """Sync one installation. A sync of changes that was under way is ended first when everything is asked for."""
        job = queue.run_now(sync.start(installation=installation, full=full))
        if full and job.state == State.DONE and not job.arguments.get("full"):
            job = queue.run_now(sync.start(installation=installation, full=True))
        return job

    def _tell(self, installation: Installation, job: Job) -> None:
        for line in JobLine.objects.filter(job=job).order_by("pk"):
            self.stdout.write(f"  {line.text}")
        if job.state == State.DONE:
            self.stdout.write(f"  Read {job.done:,} contacts. {coverage.of(installation).sentence()}")

    def _row(self, installation: Installation, job: Job) -> dict[str, Any]:
        covered = coverage.of(installation)
        return {
            "environment": installation.environment.name,
            "state": job.state,
            "read": job.done,
            "failed": job.failed,
            "contacts": covered.contacts,
            "groups": covered.groups,
            "coverage": covered.sentence(),
            "problem": job.problem,
            "waits_for": job.waits_for,
            "waits_until": job.waits_until.isoformat() if job.waits_until else None,
        }

    def _end(self, jobs: list[Job]) -> None:
        """Raise CommandError unless every sync is done; what failed comes before what waits."""
        for job in jobs:
            if job.state in (State.FAILED, State.CANCELLED, State.PAUSED):
                raise CommandError(job.problem or STOPPED[State(job.state)])
        for job in jobs:
            if job.state == State.RUNNING:
                raise CommandError(
                    "A worker is syncing it right now. The Jobs screen shows how far it is.", returncode=LATER
                )
            if job.state == State.WAITING:
                until = (
                    f" It goes on at {moments.soon(job.waits_until, clock.now())}." if job.waits_until else ""
                )
                raise CommandError(
                    f"{job.waits_for or 'The sync is not over.'}{until} What was read is kept, and a worker "
                    "(manage.py work) goes on by itself.",
                    returncode=LATER,
                )
