"""A real portal for a test session: `manage.py demo` in a folder of its own, on free ports."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portal.demo.processes import die_with_parent
from tests.processes import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
#: Seconds for the demo to get ready, and to stop. It takes far less, except on a very busy machine.
PATIENCE, TO_STOP = 900.0, 120.0
CONTACTS = os.environ.get("DEMO_CONTACTS", "300")


class DemoFailed(Exception):
    """The demo did not come up, or did not go away: says which, with the ends of its logs."""


class Demo:
    """A running demo and what its demo.json says: `portal`, `sandbox`, `mail`, `users`, `organizations`."""

    def __init__(self, folder: Path, *more: str, contacts: str = CONTACTS) -> None:
        """``more`` are further options of `manage.py demo`."""
        self.folder = folder
        command = [sys.executable, "manage.py", "demo", "--data", str(folder), "--contacts", contacts, *more]
        command += ["--port", str(free_port()), "--sandbox-port", str(free_port())]
        # Nothing of the tests' own settings may reach it.
        environment = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
        }
        with (folder / "demo.log").open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        self._wait(folder / "demo.json")
        self.told: dict[str, Any] = json.loads((folder / "demo.json").read_text())
        self.portal: str = self.told["portal"]
        self.sandbox: str = self.told["sandbox"]
        self.mail: str = self.told["mail"]
        self.users: list[dict[str, Any]] = self.told["users"]
        self.organizations: list[dict[str, Any]] = self.told["organizations"]

    @property
    def hosts(self) -> set[str]:
        """The two servers, as host:port: a page of the demo asks nobody else for anything."""
        return {urlsplit(self.portal).netloc, urlsplit(self.sandbox).netloc}

    def user(self, role: str) -> dict[str, Any]:
        """The first user with ``role``."""
        found: dict[str, Any] = next(user for user in self.users if user["role"] == role)
        return found

    def organization(self, name: str) -> dict[str, Any]:
        """The organization called ``name``."""
        found: dict[str, Any] = next(row for row in self.organizations if row["name"] == name)
        return found

    def manage(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run `manage.py ARGUMENTS` on this demo, as from another shell."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **self.told["environment"]},
            input=stdin,
            text=True,
            capture_output=True,
            timeout=300,
        )

    def stop(self) -> None:
        """Stop it as SIGTERM does. Raises DemoFailed when a process of it survives."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise DemoFailed(
                f"The demo did not stop within {TO_STOP:.0f} s of SIGTERM.{self._logs()}"
            ) from None
        survivors = [name for name, pid in self.told["processes"].items() if _alive(pid)]
        if survivors:
            raise DemoFailed(f"Still running after the demo stopped: {', '.join(survivors)}.{self._logs()}")

    def _wait(self, file: Path) -> None:
        until = time.monotonic() + PATIENCE
        while not file.exists():
            if self.process.poll() is not None:
                raise DemoFailed(f"The demo stopped with exit code {self.process.returncode}.{self._logs()}")
            if time.monotonic() > until:
                self.process.terminate()
                self.process.wait(TO_STOP)
                raise DemoFailed(f"The demo was not ready within {PATIENCE:.0f} s.{self._logs()}")
            time.sleep(0.1)

    def _logs(self) -> str:
        ends = []
        for log in sorted(self.folder.glob("*.log")):
            ends.append(f"\n--- {log.name}\n{log.read_text(errors='replace')[-2000:]}")
        return "".join(ends)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
