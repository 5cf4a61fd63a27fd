"""`manage.py demo`: sandbox, portal and worker, started together and stopped together.

Runs before Django is set up, because it makes the settings that the processes it starts are set up with.
"""

import argparse
import base64
import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal.demo.visitor import Lost

ROOT = Path(__file__).resolve().parent.parent.parent
#: Some more than the story connects, so that a visitor can connect them.
ORGANIZATIONS = 7
#: Seconds until each server must answer. They take two or three on an idle machine.
PATIENCE = 300.0
#: Seconds until those that were asked to stop are killed.
TO_STOP = 30.0
#: Written when the story was told to its end.
STORY = "story.json"


def main(argv: list[str]) -> int:
    """Start everything, tell where it is, and wait for Ctrl-C or SIGTERM."""
    options = parse(argv)
    os.umask(0o077)  # database, mail and logs are for whoever started it
    data = Path(options.data).resolve()
    data.mkdir(parents=True, exist_ok=True)
    for port in (options.port, options.sandbox_port):
        if taken(port):
            print(
                f"Port {port} is in use. Stop what uses it, or choose others: "
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
    """Start all of it, live through the story where that was not done, and watch."""
    forget_half_a_story(data)
    (data / "demo.json").unlink(
        missing_ok=True
    )  # it says that this start is ready, so an earlier one's misleads
    environment = settings_of(options, data)
    started = time.monotonic()
    with processes() as start:
        try:
            pids = start_all(start, options, data, environment)
            told = tell_the_story(options, data, environment)
        except (subprocess.CalledProcessError, OSError, Lost) as failed:
            print(f"The demo could not start: {failed} Its logs are in {data}.", file=sys.stderr)
            return 1
        write(data / "demo.json", {**told, "processes": pids, "environment": environment})
        announce(told, data, time.monotonic() - started, tokens_per_hour=options.tokens_per_hour)
        return watch(start.running)


def forget_half_a_story(data: Path) -> None:
    """Begin anew where an earlier start was stopped before the story's end: half of it would stay half for ever."""
    if (data / STORY).exists() or not (data / "portal.sqlite3").exists():
        return
    say("The last start was stopped before its story was told: beginning anew.")
    for name in ("portal.sqlite3", "sandbox.sqlite3"):
        for file in data.glob(f"{name}*"):
            file.unlink()
    for file in (data / "mail").glob("*.log"):
        file.unlink()


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py demo", description="The whole portal on a sandbox, on this machine."
    )
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--sandbox-port", type=int, default=8001)
    parser.add_argument("--data", default=str(ROOT / "data" / "demo"), help="a fresh folder is a fresh demo")
    parser.add_argument("--contacts", type=int, default=2000, help="contacts per organization")
    parser.add_argument(
        "--organizations",
        type=int,
        default=ORGANIZATIONS,
        help="that the sandbox has; the story takes the first four",
    )
    parser.add_argument(
        "--tokens-per-hour", type=int, default=20, help="Total Expert allows 2; a visitor needs more"
    )
    return parser.parse_args(argv)


def taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def settings_of(options: argparse.Namespace, data: Path) -> dict[str, str]:
    """The variables with which every process of this demo, and manage.py from another shell, runs."""
    mail = data / "mail"
    mail.mkdir(exist_ok=True)
    return {
        "SECRET_KEY": "",
        **keys(data / "keys.json"),
        "DATABASE_URL": f"sqlite:///{data / 'portal.sqlite3'}",
        "PORTAL_URL": f"http://localhost:{options.port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "ENVIRONMENT_HOSTS": f"127.0.0.1:{options.sandbox_port}",
        "DEMO": "1",
        "DEMO_MAIL_DIR": str(mail),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }


def keys(file: Path) -> dict[str, str]:
    """The demo's own keys, made once and kept beside its data."""
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
    """Write a file that only its owner can read, whole or not at all."""
    scratch = file.with_suffix(".part")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(content, handle, indent=2)
    scratch.replace(file)


class Starter:
    """Starts processes that end when this one does, however it ends."""

    def __init__(self) -> None:
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __call__(self, name: str, command: list[str], *, log: Path, environment: dict[str, str]) -> int:
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self.running[name] = process
        return process.pid


def die_with_parent() -> None:
    """In the child: be sent SIGTERM when the parent dies (Linux; elsewhere Ctrl-C still stops everything)."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


@contextmanager
def processes() -> Iterator[Starter]:
    """Stop whatever was started, politely and then not."""
    starter = Starter()
    try:
        yield starter
    finally:
        for process in reversed(starter.running.values()):
            process.terminate()
        until = time.monotonic() + TO_STOP
        for process in starter.running.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def start_all(
    start: Starter, options: argparse.Namespace, data: Path, environment: dict[str, str]
) -> dict[str, int]:
    """Start the three processes, and wait until each answers."""
    python = sys.executable
    sandbox = f"http://127.0.0.1:{options.sandbox_port}"
    pids = {
        "sandbox": start(
            "sandbox",
            [
                *(python, "-m", "integrations.sandbox", "--port", str(options.sandbox_port)),
                *("--data", str(data / "sandbox.sqlite3"), "--organizations", str(options.organizations)),
                *("--contacts", str(options.contacts), "--tokens-per-hour", str(options.tokens_per_hour)),
                *("--redirect-uri", f"{environment['PORTAL_URL']}/oauth/callback/"),
            ],
            log=data / "sandbox.log",
            environment=environment,
        )
    }
    say("Setting up the database …")
    with (data / "portal.log").open("ab") as log:
        subprocess.run(
            [python, "manage.py", "migrate", "--verbosity", "0"],
            cwd=ROOT,
            env={**os.environ, **environment},
            check=True,
            stdout=log,
            stderr=log,
        )
    pids["portal"] = start(
        "portal",
        [
            *(python, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{options.port}"),
            *("--workers", "1", "--threads", "8", "--graceful-timeout", "5", "--log-level", "warning"),
            *("--timeout", "300"),  # on a busy machine loading the portal takes longer than gunicorn's 30 s
        ],
        log=data / "portal.log",
        environment=environment,
    )
    pids["worker"] = start(
        "worker", [python, "manage.py", "work"], log=data / "worker.log", environment=environment
    )
    say("Waiting for the sandbox and the portal …")
    await_answer(f"{sandbox}/v1/heartbeat", start.running["sandbox"])
    await_answer(f"http://127.0.0.1:{options.port}/accounts/login/", start.running["portal"])
    return pids


def await_answer(address: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until ``address`` answers. Raises ConnectionError if ``server`` ends before, TimeoutError if it is too slow."""
    until = time.monotonic() + PATIENCE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until:
        try:
            opener.open(address, timeout=30).close()
            return
        except OSError:
            if server.poll() is not None:
                raise ConnectionError(
                    f"The server of {address} stopped with exit code {server.returncode}."
                ) from None
            time.sleep(0.1)
    raise TimeoutError(f"{address} did not answer within {PATIENCE:.0f} s.")


def tell_the_story(options: argparse.Namespace, data: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Live through the story if this demo is fresh; answer what demo.json says of people and organizations."""
    os.environ.update(environment)
    import django

    django.setup()
    from portal.accounts.models import User
    from portal.demo import story, summary

    sandbox = f"http://127.0.0.1:{options.sandbox_port}"
    if not User.objects.exists():
        say("Living through the story …")
        stage = story.Stage(
            portal=environment["PORTAL_URL"], sandbox=sandbox, tokens_per_hour=options.tokens_per_hour
        )
        story.play(stage)
    write(data / STORY, {})
    return summary.of(portal=environment["PORTAL_URL"], sandbox=sandbox)


def announce(told: dict[str, Any], data: Path, seconds: float, *, tokens_per_hour: int) -> None:
    say(f"\nReady in {seconds:.0f} s. Everybody and everything in it is invented.\n")
    say(f"  Portal   {told['portal']}   (one click signs you in as anybody)")
    say(f"  Sandbox  {told['sandbox']}")
    say(f"  Mail     {told['mail']}\n")
    for user in told["users"]:
        where = f" of {user['organization']}" if user["organization"] else ""
        say(f"  {user['role']:<9} {user['email']:<42} {user['password'] or '(code by e-mail)':<18}{where}")
    if tokens_per_hour > 2:
        say(
            f"\nThe sandbox grants {tokens_per_hour} tokens an hour, so that you can play. Total Expert grants 2: "
            "--tokens-per-hour 2."
        )
    say(f"Data and logs: {data}. A new folder (--data) is a fresh demo. Ctrl-C stops all of it.")


def say(text: str) -> None:
    print(text, flush=True)


def watch(running: dict[str, "subprocess.Popen[bytes]"]) -> int:
    """Wait; when one of the processes ends by itself, say so and stop the others."""
    while True:
        for name, process in running.items():
            if process.poll() is not None:
                print(
                    f"The {name} stopped by itself (exit code {process.returncode}). See {name}.log.",
                    file=sys.stderr,
                )
                return 1
        time.sleep(0.5)
