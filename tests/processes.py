"""Real processes for tests: a sandbox of its own on a free port."""

import contextlib
import json
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """Return a port that nobody uses now.

    It lies below the ports that systems give to outgoing connections, so none of those takes it before the server does.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class SandboxProcess:
    """A running sandbox, asked over HTTP."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.credentials: dict[str, Any] = self.ask("/_sandbox/credentials")

    def ask(self, path: str, data: Any = None) -> Any:
        body = json.dumps(data).encode() if data is not None else None
        request = urllib.request.Request(
            self.address + path, data=body, headers={"Content-Type": "application/json"}
        )
        with self._opener.open(request, timeout=60) as answer:
            return json.loads(answer.read())

    def status_of(self, path: str, token: str) -> int:
        """The status with which a GET with this bearer token is answered."""
        request = urllib.request.Request(self.address + path, headers={"Authorization": f"Bearer {token}"})
        try:
            with self._opener.open(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    def requests(self, path: str) -> list[dict[str, Any]]:
        return [row for row in self.ask("/_sandbox/requests?since=0") if row["path"] == path]

    def organization(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(row for row in self.credentials["organizations"] if row["name"] == name)
        return found


@contextmanager
def sandbox_process(folder: Path, *, patience: float = 120, **options: Any) -> Iterator["SandboxProcess"]:
    """Start `python -m integrations.sandbox`, and stop it afterwards."""
    with sandbox_runner(folder, patience=patience, **options) as runner:
        yield runner.sandbox


@contextmanager
def sandbox_runner(folder: Path, *, patience: float = 120, **options: Any) -> Iterator["SandboxRunner"]:
    """Start a sandbox that can be killed and started again, and stop it afterwards."""
    chosen = {"organizations": 2, "contacts": 50, "calls_per_minute": 0, "tokens_per_hour": 0, **options}
    command = [sys.executable, "-m", "integrations.sandbox"]
    for name, value in {"port": free_port(), "data": folder / "sandbox.sqlite3", **chosen}.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    runner = SandboxRunner(command, patience)
    try:
        runner.start()
        yield runner
    finally:
        runner.process.terminate()
        runner.process.wait(60)


class SandboxRunner:
    """The process of a sandbox. Its data survives a SIGKILL."""

    sandbox: SandboxProcess
    process: "subprocess.Popen[bytes]"

    def __init__(self, command: list[str], patience: float) -> None:
        self._command, self._patience = command, patience

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(self._command, cwd=ROOT, stdout=quiet, stderr=quiet)
        port = self._command[self._command.index("--port") + 1]
        self.sandbox = SandboxProcess(_await(f"http://127.0.0.1:{port}", self.process, self._patience))

    def kill(self) -> None:
        """Send SIGKILL and start it again."""
        self.process.kill()
        self.process.wait(60)
        self.start()


def _await(address: str, process: "subprocess.Popen[bytes]", patience: float) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + patience
    while time.monotonic() < until and process.poll() is None:
        try:
            opener.open(f"{address}/v1/heartbeat", timeout=30).close()
            return address
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the sandbox did not start (exit code {process.poll()})")
