"""`manage.py work`: run one worker (a supervised django-q2 cluster)."""

import argparse
from typing import Any

from django.core.checks import CRITICAL, Tags
from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS

from integrations.jobs.cluster import process
from integrations.jobs.cluster.supervisor import PATIENCE, Supervisor, say
from portal.encryption import checks


class Command(BaseCommand):
    help = "Run jobs until stopped. Several machines can run a worker against one PostgreSQL database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--patience",
            type=float,
            default=PATIENCE,
            help="seconds without a heartbeat before hung workers are killed and restarted",
        )
        # used by the supervisor to start the cluster
        parser.add_argument("--cluster-only", action="store_true", help=argparse.SUPPRESS)
        parser.add_argument("--heartbeat-fd", type=int, help=argparse.SUPPRESS)
        parser.add_argument("--period", type=float, default=10.0, help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cluster_only"]:
            process.run(heartbeat_fd=options["heartbeat_fd"], period=options["period"])
        else:
            # Django does not run these when a command starts
            self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
            # report missing keys, but start anyway: other work continues, and the repair may need a worker
            self.check(tags=[checks.TAG], databases=[DEFAULT_DB_ALIAS], fail_level=CRITICAL)
            Supervisor(say, patience=options["patience"]).run()
