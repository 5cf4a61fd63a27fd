"""`manage.py connect`: connect an organization with client credentials from a shell."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from integrations.connections import installations
from integrations.connections.grants import client_credentials
from integrations.connections.models import Connection, Environment
from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.onboarding import verification
from integrations.onboarding.models import Verification
from integrations.total_expert import Rejected
from portal.core import clock, text, times
from portal.core.errors import Refused
from portal.organizations import organizations
from portal.organizations.models import Organization

#: EX_TEMPFAIL in sysexits.h: try again later.
LATER = 75
#: Seconds to wait for a worker that took the job first.
PATIENCE = 20.0


class Command(BaseCommand):
    help = (
        "Connect an organization with client credentials. The secret is read from standard input, so that it appears in "
        "no process list and no shell history. Exit code 0: connected and verified; 75: waiting for a token request, a "
        "worker continues; 1: anything else."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization", help="its name or short name")
        parser.add_argument("--environment", required=True, help="short name of the environment, e.g. ct")
        parser.add_argument("--client-id", required=True)
        parser.add_argument("--new", action="store_true", help="create the organization if it doesn't exist")

    def handle(self, *args: Any, **options: Any) -> None:
        environment = self._environment(options["environment"])
        if sys.stdin.isatty():
            self.stderr.write("Paste the client secret, then Enter and Ctrl-D:")
        secret = sys.stdin.read()
        try:
            client_credentials.validate(options["client_id"], secret)
            organization, is_new = self._organization(options["organization"], new=options["new"])
            connection = client_credentials.propose(
                installation=installations.get_or_create(organization, environment),
                client_id=options["client_id"],
                client_secret=secret,
                actor=None,
            )
        except Rejected as refused:
            raise CommandError(" ".join(refused.reasons)) from None
        job = queue.run_now(verification.start(connection, actor=None))
        tried = self._outcome(connection, job)
        for step in tried.steps:
            self.stdout.write(f"{step['outcome']:<7} {step['text']}")
        if tried.outcome == Verification.Outcome.DONE:
            self.stdout.write(
                f"Connected {organization.name} in {environment.label}. Next: manage.py sync {organization.slug}"
            )
        elif tried.outcome == Verification.Outcome.FAILED:
            if is_new:
                self._delete_organization(connection)
            raise CommandError(tried.problem)
        else:
            why = job.waits_for or job.problem or "A worker is verifying it."
            if job.waits_for and job.waits_until:
                why += f" The next attempt is at {times.soon(job.waits_until, clock.now())}."
            raise CommandError(
                f"{why} The credentials are stored, and a worker (manage.py work) continues.",
                returncode=1 if job.problem else LATER,
            )

    def _outcome(self, connection: Connection, job: Job) -> Verification:
        """Return the verification. Wait a little if a worker took the job first."""
        until = time.monotonic() + PATIENCE
        while True:
            tried = Verification.objects.get(connection=connection)
            job.refresh_from_db()
            ended = tried.outcome != Verification.Outcome.RUNNING or job.waits_for or job.problem
            if ended or time.monotonic() > until:
                return tried
            time.sleep(0.2)

    def _delete_organization(self, connection: Connection) -> None:
        """Delete an organization that was created for credentials that don't work."""
        with transaction.atomic():
            installation = connection.installation
            connection.delete()
            installation.delete()
            installation.organization.delete()

    def _environment(self, name: str) -> Environment:
        environment = Environment.objects.filter(name=text.clean(name)).first()
        if environment is None:
            known = (
                ", ".join(Environment.objects.values_list("name", flat=True))
                or "none yet: add one in Settings"
            )
            raise CommandError(f"There is no environment “{name}”. Known: {known}.")
        return environment

    def _organization(self, name: str, *, new: bool) -> tuple[Organization, bool]:
        """Return the organization, and whether it was just created."""
        try:
            return organizations.find(name), False
        except Refused as refused:
            if not new:
                raise CommandError(f"{refused} Add --new to create it.") from None
        try:
            return organizations.create(name=name, actor=None), True
        except Refused as refused:
            raise CommandError(str(refused)) from None
