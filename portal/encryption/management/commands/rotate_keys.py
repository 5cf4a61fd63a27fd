"""`manage.py rotate_keys`: seal everything that is stored with the newest key, while all else runs."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core import times
from portal.encryption import fields, known_keys, rotation
from portal.encryption.rotation import Outcome

#: How many values that do not open are listed on a terminal. ``--json`` lists all.
LISTED = 20
HELP = """\
Seals everything that is stored with the first key of ENCRYPTION_KEYS. Nothing needs to be stopped for it; it may be
stopped and repeated. Exit status: 0 nothing is left under other keys, 1 something does not open or is left,
2 refused, 130 or 143 stopped.

To replace a key: (1) make one with `make_keys`, append it to ENCRYPTION_KEYS as the last, and restart all web
processes and workers, on every machine; now everybody can open what it seals. (2) Move it to the front and restart
all again; now everybody seals with it. (3) Run this. (4) When it says that nothing is left under other keys, take the
old key out and restart. Keep it with the backups that were made while it was in use: they need it.
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.description = self.help
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
        parser.add_argument(
            "--force",
            action="store_true",
            help="go on although a running process does not know the newest key",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        newest = fields.key_ids()[0]
        if not options["force"]:
            _refuse_while_unknown(newest)
        # what is told on the way must not mix with the object at the end
        tell = self.stderr if options["json"] else self.stdout
        for process in known_keys.sealing_with_another(newest):
            tell.write(
                f"{process} still seals with “{process.keys[0]}”. Restart it, or run this again afterwards."
            )
        with _stopped_by_signals() as received:
            outcome = rotation.rotate(
                stop=lambda: bool(received),
                progress=lambda place, done, total: tell.write(f"{place}: {done:,} of {total:,}"),
            )
        if options["json"]:
            self.stdout.write(json.dumps(asdict(outcome)))
        else:
            self._say(outcome)
        if outcome.stopped:
            sys.exit(128 + received[0])
        if outcome.left or outcome.failed:
            sys.exit(1)

    def _say(self, outcome: Outcome) -> None:
        for failure in outcome.failed[:LISTED]:
            self.stdout.write(f"{failure.model}, row {failure.row}, key “{failure.key}”: {failure.problem}")
        if len(outcome.failed) > LISTED:
            self.stdout.write(f"… and {len(outcome.failed) - LISTED:,} more; --json names all.")
        self.stdout.write(
            f"{outcome.resealed:,} sealed anew with “{outcome.key}”, {outcome.already:,} were already."
        )
        if outcome.stopped:
            self.stdout.write(f"Stopped. {outcome.left:,} are left under other keys: run it again to go on.")
        elif outcome.failed:
            self.stdout.write(
                f"{len(outcome.failed):,} do not open. Where a key is missing, add it to ENCRYPTION_KEYS as the last "
                "and run this again; where one was replaced by another of the same id, put the old one back. "
                "If it is lost for good, connect those organizations again; people whose second "
                "factor does not open need `reset_second_factor`."
            )
        elif outcome.left:
            self.stdout.write(f"{outcome.left:,} were written under another key meanwhile. Run it again.")
        elif known_keys.sealing_with_another(outcome.key):
            self.stdout.write(
                "Nothing is left under other keys, but a running process still seals with one. Restart it and run this "
                "again before you take a key out."
            )
        else:
            self.stdout.write("Nothing is left under other keys: they may be taken out of ENCRYPTION_KEYS.")


def _refuse_while_unknown(newest: str) -> None:
    """Raise CommandError while a running process could not open what is sealed with the newest key."""
    unaware = known_keys.without(newest)
    if not unaware:
        return
    names = "; ".join(f"{process}, last heard of {times.exact(process.at)}" for process in unaware)
    minutes = round(known_keys.ALIVE.total_seconds() / 60)
    raise CommandError(
        f"Not every process knows key “{newest}” yet, or one has another key of that id, and could not open what "
        f"this seals: {names}. Restart them with the same ENCRYPTION_KEYS, then run this again. One that was killed "
        f"counts for {minutes} minutes more. --force goes on in spite of that.",
        returncode=2,
    )


@contextmanager
def _stopped_by_signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM instead of dying of them: the value under way is finished."""
    received: list[int] = []
    before = {
        number: signal.signal(number, lambda got, frame: received.append(got))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
