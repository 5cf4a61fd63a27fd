"""`manage.py rotate_keys`: re-encrypt all stored secrets with the active key while the portal runs."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core import times
from portal.encryption import keys, known_keys, rotation
from portal.encryption.rotation import Outcome

#: How many failures are listed without ``--json``.
MAX_LISTED = 20
HELP = """\
Re-encrypt all stored secrets with the active key, the first one in ENCRYPTION_KEYS. The portal can keep running, and
the command can be stopped and run again. Exit status: 0 no value needs another key, 1 a value can't be decrypted or
still needs another key, 2 not started, 130 or 143 stopped.

To replace a key: (1) Create one with `make_keys`, add it to the end of ENCRYPTION_KEYS, and restart all web processes
and workers on every machine. Now every process can decrypt with it. (2) Move it to the front and restart everything
again. Now every process encrypts with it. (3) Run this command. (4) When it reports that the other keys can be
removed, remove the old key and restart. Keep the old key with the backups made while it was in use.
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.description = self.help
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
        parser.add_argument(
            "--force",
            action="store_true",
            help="run even though a running process doesn't know the active key",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        active = keys.ids()[0]
        if not options["force"]:
            _check_every_process_knows(active)
        # with --json, stdout holds nothing but the result
        progress = self.stderr if options["json"] else self.stdout
        for process in known_keys.processes_not_encrypting_with(active):
            progress.write(
                f"{process} still encrypts with “{process.keys[0]}”. Restart it, then run this command again."
            )
        with _stopped_by_signals() as received:
            outcome = rotation.rotate(
                stop=lambda: bool(received),
                progress=lambda store, done, total: progress.write(f"{store}: {done:,} of {total:,}"),
            )
        if options["json"]:
            self.stdout.write(json.dumps(asdict(outcome)))
        else:
            self._print(outcome)
        if outcome.stopped:
            sys.exit(128 + received[0])
        if outcome.left or outcome.failed:
            sys.exit(1)

    def _print(self, outcome: Outcome) -> None:
        for failure in outcome.failed[:MAX_LISTED]:
            self.stdout.write(f"{failure.store}, row {failure.row}, key “{failure.key}”: {failure.problem}")
        if len(outcome.failed) > MAX_LISTED:
            self.stdout.write(
                f"… and {len(outcome.failed) - MAX_LISTED:,} more. Use --json to list all of them."
            )
        self.stdout.write(
            f"Values re-encrypted with key “{outcome.key}”: {outcome.reencrypted:,}. "
            f"Already encrypted with it: {outcome.already_current:,}."
        )
        if outcome.stopped:
            self.stdout.write(
                f"Stopped. Values that still need other keys: {outcome.left:,}. Run this command again to continue."
            )
        elif outcome.failed:
            self.stdout.write(
                f"Values that can't be decrypted: {len(outcome.failed):,}. If a key is missing, add it to the end of "
                "ENCRYPTION_KEYS and run this command again. If a key was replaced by another one of the same id, restore "
                "the old one. If a key is lost for good, connect those organizations again, and run `reset_second_factor` "
                "for people whose second factor is affected."
            )
        elif outcome.left:
            self.stdout.write(
                f"Values written with another key in the meantime: {outcome.left:,}. Run this command again."
            )
        elif known_keys.processes_not_encrypting_with(outcome.key):
            self.stdout.write(
                "No value needs another key now, but a running process still encrypts with one. Restart it and run this "
                "command again before you remove a key."
            )
        else:
            self.stdout.write(
                "The other keys are no longer needed. You can remove them from ENCRYPTION_KEYS."
            )


def _check_every_process_knows(active: str) -> None:
    """Raise CommandError if a running process can't decrypt what the active key encrypts."""
    unaware = known_keys.processes_without(active)
    if not unaware:
        return
    names = "; ".join(f"{process}, last report {times.exact(process.at)}" for process in unaware)
    minutes = round(known_keys.ALIVE_FOR.total_seconds() / 60)
    raise CommandError(
        f"Some running processes don't have key “{active}”, or have a different key with that id: {names}. They couldn't "
        "decrypt what this command encrypts. Restart them with the same ENCRYPTION_KEYS, then run this command again. A "
        f"process that was killed counts as running for {minutes} minutes. Use --force to run anyway.",
        returncode=2,
    )


@contextmanager
def _stopped_by_signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM instead of ending the process, so that the current value is completed."""
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
