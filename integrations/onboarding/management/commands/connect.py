"""`manage.py connect`: onboard an organization by client credentials, from a shell."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import slugify

from integrations.connections import credentials, installations
from integrations.connections.models import Environment
from integrations.jobs import queue
from integrations.onboarding import verification
from integrations.onboarding.models import Verification
from integrations.total_expert import Rejected
from portal.organizations import organizations
from portal.organizations.models import Organization


class Command(BaseCommand):
    help = (
        "Connect an organization by client credentials. The secret is read from standard input, so that it stands in "
        "no process list and no shell history. Exit code 0: connected and verified; 75: waiting for a token slot, a "
        "worker goes on; 1: anything else."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization", help="its name or short name")
        parser.add_argument("--environment", required=True, help="short name of the environment, e.g. ct")
        parser.add_argument("--client-id", required=True)
        parser.add_argument("--new", action="store_true", help="create the organization when there is none")

    def handle(self, *args: Any, **options: Any) -> None:
        environment = self._environment(options["environment"])
        organization = self._organization(options["organization"], new=options["new"])
        if sys.stdin.isatty():
            self.stderr.write("Paste the client secret, then Enter and Ctrl-D:")
        secret = sys.stdin.read()
        try:
            connection = credentials.propose(
                installation=installations.ensure(organization, environment),
                client_id=options["client_id"],
                client_secret=secret,
                actor=None,
            )
        except Rejected as refused:
            raise CommandError(" ".join(refused.reasons)) from None
        job = queue.run_now(verification.start(connection, actor=None))
        tried = Verification.objects.get(connection=connection)
        for step in tried.steps:
            self.stdout.write(f"{step['outcome']:<7} {step['text']}")
        if tried.outcome == Verification.Outcome.DONE:
            self.stdout.write(
                f"Connected {organization.name} in {environment.label}. Next: manage.py sync {organization.slug}"
            )
        elif tried.outcome == Verification.Outcome.FAILED:
            raise CommandError(tried.problem)
        else:
            raise CommandError(
                f"{job.waits_for or job.problem} The credentials are kept, and a worker (manage.py work) goes on.",
                returncode=75 if job.waits_for else 1,
            )

    def _environment(self, name: str) -> Environment:
        environment = Environment.objects.filter(name=name).first()
        if environment is None:
            known = (
                ", ".join(Environment.objects.values_list("name", flat=True))
                or "none yet: add one in Settings"
            )
            raise CommandError(f"There is no environment “{name}”. Known: {known}.")
        return environment

    def _organization(self, name: str, *, new: bool) -> Organization:
        found = (
            Organization.objects.filter(slug=slugify(name)).first()
            or Organization.objects.filter(name=name).first()
        )
        if found is not None:
            return found
        if new:
            return organizations.create(name=name, actor=None)
        raise CommandError(f"There is no organization “{name}”. Add --new to create it.")
