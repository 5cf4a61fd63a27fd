"""The processes of the demo: started together, watched, and stopped together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
#: Seconds until each server must answer. On an idle machine they take two or three.
START_TIMEOUT = 300.0
#: Seconds until processes that were asked to stop are killed.
STOP_TIMEOUT = 30.0


class Starter:
    """Start processes that end when this process ends, even if it is killed."""

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
    """Ask Linux to send this child SIGTERM when its parent dies. On other systems only Ctrl-C stops everything."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


@contextmanager
def started_processes() -> Iterator[Starter]:
    """Yield a Starter, and at the end stop its processes: SIGTERM first, SIGKILL after STOP_TIMEOUT."""
    starter = Starter()
    try:
        yield starter
    finally:
        for process in reversed(starter.running.values()):
            process.terminate()
        until = time.monotonic() + STOP_TIMEOUT
        for process in starter.running.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def await_answer(address: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until ``address`` answers. Raise ConnectionError if ``server`` ends first, TimeoutError if it is too slow."""
    until = time.monotonic() + START_TIMEOUT
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
    raise TimeoutError(f"{address} did not answer within {START_TIMEOUT:.0f} s.")


def watch(running: dict[str, "subprocess.Popen[bytes]"]) -> int:
    """Wait until one of the processes ends on its own, say so, and return 1."""
    while True:
        for name, process in running.items():
            if process.poll() is not None:
                print(
                    f"The {name} process stopped unexpectedly (exit code {process.returncode}). See {name}.log.",
                    file=sys.stderr,
                )
                return 1
        time.sleep(0.5)
