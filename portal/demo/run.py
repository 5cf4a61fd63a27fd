"""`manage.py demo`: start the sandbox, the portal and a worker, and stop them together.

This starts before Django is set up, because it makes the settings for itself and the processes it starts.
"""

import argparse
import base64
import json
import os
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import django
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from portal.demo import cast
from portal.demo.processes import ROOT, Starter, await_answer, started_processes, watch
from portal.demo.visitor import UnexpectedPage

#: More than the story connects, so that visitors can connect the others.
ORGANIZATIONS = 7
#: The file that says that the story has been played to its end.
STORY_PLAYED = "story.json"


def main(argv: list[str]) -> int:
    """Start everything, print the addresses, and wait for Ctrl-C or SIGTERM. Return the exit code."""
    options = parse(argv)
    os.umask(0o077)  # only the user who starts the demo may read its database, mail and logs
    data = Path(options.data).resolve()
    data.mkdir(parents=True, exist_ok=True)
    for port in (options.port, options.sandbox_port):
        if is_in_use(port):
            print(
                f"Port {port} is in use. Stop the program that uses it, or choose other ports: "
                "make demo ARGS='--port 9000 --sandbox-port 9001'.",
                file=sys.stderr,
            )
            return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return run(options, data)
    except KeyboardInterrupt:
        return 0


def run(options: argparse.Namespace, data: Path) -> int:
    """Start the processes, play the story if this demo is new, and wait until one of them ends."""
    remove_unfinished_story(data)
    # demo.json says that this start is ready: remove the one of an earlier start.
    (data / "demo.json").unlink(missing_ok=True)
    environment = make_environment(options, data)
    started = time.monotonic()
    with started_processes() as start:
        try:
            pids = start_all(start, options, data, environment)
            summary = play_story(options, data, environment)
        except (CommandError, DatabaseError, OSError, UnexpectedPage) as failed:
            print(f"The demo could not start: {failed} Its logs are in {data}.", file=sys.stderr)
            return 1
        write(data / "demo.json", {**summary, "processes": pids, "environment": environment})
        announce(summary, data, time.monotonic() - started, tokens_per_hour=options.tokens_per_hour)
        return watch(start.running)


def remove_unfinished_story(data: Path) -> None:
    """Delete the data of a start that was stopped before the end of the story. The story can't be resumed."""
    if (data / STORY_PLAYED).exists() or not (data / "portal.sqlite3").exists():
        return
    say("The last start was interrupted before it was ready. Starting over with empty databases.")
    for name in ("portal.sqlite3", "sandbox.sqlite3"):
        for file in data.glob(f"{name}*"):
            file.unlink()
    for file in (data / "mail").glob("*.log"):
        file.unlink()


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py demo", description="Run the portal, a worker and the sandbox on this machine."
    )
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--sandbox-port", type=int, default=8001)
    parser.add_argument(
        "--data",
        default=str(ROOT / "data" / "demo"),
        help="folder for databases, mail and logs; a new folder is a new demo",
    )
    parser.add_argument("--contacts", type=int, default=2000, help="contacts per organization")
    parser.add_argument(
        "--organizations",
        type=int,
        default=ORGANIZATIONS,
        help="organizations in the sandbox; the story uses the first four",
    )
    parser.add_argument(
        "--tokens-per-hour",
        type=int,
        default=20,
        help="token requests per hour (default 20; Total Expert allows 2)",
    )
    return parser.parse_args(argv)


def is_in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def make_environment(options: argparse.Namespace, data: Path) -> dict[str, str]:
    """Return the environment variables for the demo's processes and for manage.py in another shell."""
    mail = data / "mail"
    mail.mkdir(exist_ok=True)
    return {
        "SECRET_KEY": "",
        **load_keys(data / "keys.json"),
        "DATABASE_URL": f"sqlite:///{data / 'portal.sqlite3'}",
        "PORTAL_URL": f"http://localhost:{options.port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "ENVIRONMENT_HOSTS": f"127.0.0.1:{options.sandbox_port}",
        "DEMO": "1",
        "DEMO_MAIL_DIR": str(mail),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }


def load_keys(file: Path) -> dict[str, str]:
    """Return the demo's own keys. The first start makes them and keeps them beside the data."""
    if not file.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "ENCRYPTION_KEYS": "demo:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "FINGERPRINT_KEY": secrets.token_urlsafe(32),
        }
        write(file, made)
    found: dict[str, str] = json.loads(file.read_text())
    return found


def write(file: Path, content: dict[str, Any]) -> None:
    """Write JSON to a file that only its owner can read. The file is replaced atomically."""
    scratch = file.with_suffix(".part")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(content, handle, indent=2)
    scratch.replace(file)


def start_all(
    start: Starter, options: argparse.Namespace, data: Path, environment: dict[str, str]
) -> dict[str, int]:
    """Start the three processes and wait until the two servers answer. Return the process ids by name."""
    python = sys.executable
    sandbox = f"http://127.0.0.1:{options.sandbox_port}"
    pids = {
        "sandbox": start(
            "sandbox",
            [
                *(python, "-m", "integrations.sandbox", "--port", str(options.sandbox_port)),
                *("--data", str(data / "sandbox.sqlite3"), "--organizations", str(options.organizations)),
                *("--contacts", str(options.contacts), "--tokens-per-hour", str(options.tokens_per_hour)),
                *("--redirect-uri", f"{environment['PORTAL_URL']}/oauth/callback/ct/"),
                *("--redirect-uri", f"{environment['PORTAL_URL']}/oauth/callback/production/"),
                *("--application-name", cast.PARTNER),
            ],
            log=data / "sandbox.log",
            environment=environment,
        )
    }
    say("Setting up the database …")
    set_up_django(environment)
    # The portal loads while this process migrates, which takes longer. Only the worker needs the tables to start.
    pids["portal"] = start(
        "portal",
        [
            *(python, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{options.port}"),
            *("--workers", "1", "--threads", "8", "--graceful-timeout", "5", "--log-level", "warning"),
            *("--timeout", "300"),  # on a busy machine, loading the portal takes longer than gunicorn's 30 s
        ],
        log=data / "portal.log",
        environment=environment,
    )
    call_command("migrate", verbosity=0)
    pids["worker"] = start(
        "worker", [python, "manage.py", "work"], log=data / "worker.log", environment=environment
    )
    say("Waiting for the sandbox and the portal …")
    await_answer(f"{sandbox}/v1/heartbeat", start.running["sandbox"])
    await_answer(f"http://127.0.0.1:{options.port}/accounts/login/", start.running["portal"])
    return pids


def set_up_django(environment: dict[str, str]) -> None:
    """Set Django up in this process, and create the database as WAL before other processes open it."""
    os.environ.update(environment)
    django.setup()
    connection.ensure_connection()


def play_story(options: argparse.Namespace, data: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Play the story if this demo is new. Return the people and organizations for demo.json."""
    from portal.accounts.models import User
    from portal.demo import story, summary

    sandbox = f"http://127.0.0.1:{options.sandbox_port}"
    if not User.objects.exists():
        say("Playing the story: connecting and syncing the first customers …")
        stage = story.Stage(
            portal=environment["PORTAL_URL"], sandbox=sandbox, tokens_per_hour=options.tokens_per_hour
        )
        story.play(stage)
    write(data / STORY_PLAYED, {})
    return summary.of(portal=environment["PORTAL_URL"], sandbox=sandbox)


def announce(summary: dict[str, Any], data: Path, seconds: float, *, tokens_per_hour: int) -> None:
    say(f"\nReady in {seconds:.0f} s. All people and data are invented.\n")
    say(f"  Portal   {summary['portal']}   (sign in as any person with one click)")
    say(f"  Sandbox  {summary['sandbox']}")
    say(f"  Mail     {summary['mail']}\n")
    for user in summary["users"]:
        where = f" of {user['organization']}" if user["organization"] else ""
        say(f"  {user['role']:<9} {user['email']:<42} {user['password'] or '(code by email)':<18}{where}")
    if tokens_per_hour > 2:
        say(
            f"\nThe sandbox grants {tokens_per_hour} tokens an hour so that you can try things. Total Expert grants 2; "
            "use --tokens-per-hour 2 for the real limit."
        )
    say(f"Data and logs: {data}. For a new demo, choose a new folder with --data. Press Ctrl-C to stop.")


def say(text: str) -> None:
    print(text, flush=True)
