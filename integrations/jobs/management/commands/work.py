"""`manage.py work`: one worker, which is a django-q2 cluster under our own supervision."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integrations.jobs.supervisor import Say, Supervisor, run_cluster


class Command(BaseCommand):
    help = "Work on jobs until told to stop. Start it on as many machines as you like against one PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cluster-only", action="store_true", help="without the supervisor, which starts this")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cluster_only"]:
            run_cluster()
        else:
            Supervisor(Say()).run()
