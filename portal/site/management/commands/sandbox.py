"""`manage.py sandbox`: run the sandbox. The command replaces itself with the stand-alone program."""

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

ROOT = Path(__file__).resolve().parents[4]

#: Option, default and help. The options are passed on unchanged; the sandbox itself checks them.
OPTIONS: tuple[tuple[str, Any, str], ...] = (
    ("--port", 8001, "port to listen on"),
    ("--host", None, "address to listen on (default: loopback)"),
    ("--data", None, "SQLite file; an existing one keeps its data (default: in memory)"),
    ("--contacts", None, "contacts per organization in a new sandbox"),
    ("--organizations", None, "organizations in a new sandbox"),
    ("--seed", None, "random seed for the invented data"),
    ("--calls-per-minute", 1000, "requests a minute per source IP address; 0 for no limit"),
    ("--tokens-per-hour", 2, "token requests an hour per source IP address; 0 for no limit"),
    ("--latency-ms", 0, "delay of every response in milliseconds"),
    ("--load", None, "start from the snapshot with this name"),
    ("--application-name", None, "the application's name on the sign-in and consent pages"),
)
SWITCHES: tuple[tuple[str, str], ...] = (
    ("--allow-remote", "allow a --host that other machines can reach"),
    ("--http-webhooks", "accept webhook subscriptions with plain http URLs"),
    ("--remote-webhooks", "deliver webhooks to other machines too"),
)
_STRINGS = ("--host", "--data", "--load", "--application-name")


class Command(BaseCommand):
    help = "Run the sandbox: an emulator of the Total Expert API with invented data."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        for option, default, text in OPTIONS:
            kind = str if option in _STRINGS else int
            shown = "" if default is None else f" (default: {default})"
            parser.add_argument(option, type=kind, default=default, help=text + shown)
        for option, text in SWITCHES:
            parser.add_argument(option, action="store_true", help=text)
        parser.add_argument(
            "--redirect-uri",
            action="append",
            default=[],
            help="a redirect URI of the application; repeatable",
        )

    def handle(self, **options: Any) -> None:
        sys.stdout.flush()
        # The sandbox is a module of this checkout, whatever the current directory.
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        command = [sys.executable, "-m", "integrations.sandbox", *passed_on(options)]
        os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": path})


def passed_on(options: dict[str, Any]) -> list[str]:
    """Return the sandbox's arguments for these options."""
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
