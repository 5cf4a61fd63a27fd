"""`manage.py sandbox`: the emulated Total Expert alone. This process becomes the stand-alone program."""

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

ROOT = Path(__file__).resolve().parents[4]

#: option, default, what it does. They are handed on as they are; the program itself checks them.
OPTIONS: tuple[tuple[str, Any, str], ...] = (
    ("--port", 8001, "the port on loopback"),
    ("--host", None, "the address to listen on (default: loopback)"),
    ("--data", None, "the SQLite file; an existing one goes on where it was (default: in memory)"),
    ("--contacts", None, "contacts per organization"),
    ("--organizations", None, "how many organizations"),
    ("--seed", None, "another seed invents other people"),
    ("--calls-per-minute", 1000, "0 switches the limit off"),
    ("--tokens-per-hour", 2, "0 switches the limit off"),
    ("--latency-ms", 0, "added to every answer"),
    ("--load", None, "begin with a snapshot of this name"),
)
SWITCHES: tuple[tuple[str, str], ...] = (
    ("--allow-remote", "allow a --host that other machines can reach"),
    ("--http-webhooks", "deliver webhooks to http addresses too"),
    ("--remote-webhooks", "deliver webhooks to other machines too"),
)
_TEXTS = ("--host", "--data", "--load")


class Command(BaseCommand):
    help = "Run the sandbox: a Total Expert with invented people, on this machine."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        for option, default, text in OPTIONS:
            kind = str if option in _TEXTS else int
            shown = "" if default is None else f" (default: {default})"
            parser.add_argument(option, type=kind, default=default, help=text + shown)
        for option, text in SWITCHES:
            parser.add_argument(option, action="store_true", help=text)
        parser.add_argument(
            "--redirect-uri", action="append", default=[], help="where the application may send people"
        )

    def handle(self, **options: Any) -> None:
        sys.stdout.flush()
        # The program is a module of this checkout, wherever the shell stands.
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        command = [sys.executable, "-m", "integrations.sandbox", *passed_on(options)]
        os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": path})


def passed_on(options: dict[str, Any]) -> list[str]:
    """The program's arguments for what was given here."""
    arguments: list[str] = []
    for option, _, _ in OPTIONS:
        value = options[_key(option)]
        if value is not None:
            arguments += [option, str(value)]
    arguments += [option for option, _ in SWITCHES if options[_key(option)]]
    for address in options["redirect_uri"]:
        arguments += ["--redirect-uri", address]
    return arguments


def _key(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")
