"""`manage.py work`: one worker, which is a django-q2 cluster under our own supervision."""

import argparse
from typing import Any

from django.core.checks import CRITICAL, Tags
from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS

from integrations.jobs.cluster import process
from integrations.jobs.cluster.supervisor import PATIENCE, Supervisor, say
from portal.encryption import status


class Command(BaseCommand):
    help = "Work on jobs until told to stop. Start it on as many machines as you like against one PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--patience",
            type=float,
            default=PATIENCE,
            help="seconds without a sign of life after which hung workers are killed and started again",
        )
        # how the supervisor starts the cluster
        parser.add_argument("--cluster-only", action="store_true", help=argparse.SUPPRESS)
        parser.add_argument("--signs", type=int, help=argparse.SUPPRESS)
        parser.add_argument("--period", type=float, default=10.0, help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cluster_only"]:
            process.run(signs=options["signs"], period=options["period"])
        else:
            # Django leaves these out when a command starts
            self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
            # said, but no reason to stop: what needs another key works, and mending may need a worker
            self.check(tags=[status.TAG], databases=[DEFAULT_DB_ALIAS], fail_level=CRITICAL)
            Supervisor(say, patience=options["patience"]).run()
