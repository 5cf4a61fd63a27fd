"""The README's ten lines of Python run as they stand, against the sandbox that the README starts."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import free_port

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `manage.py sandbox`, started from somewhere else than the checkout."""
    port = free_port()
    command = [sys.executable, str(ROOT / "manage.py"), "sandbox", "--port", str(port), "--contacts", "200"]
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with subprocess.Popen(
        [*command, "--tokens-per-hour", "0"], cwd=elsewhere, stdout=subprocess.DEVNULL
    ) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/v1/heartbeat", process)
            yield address
        finally:
            process.terminate()


def wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=30).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{address} did not answer; exit code {process.poll()}")


def ask(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


def test_the_ten_lines_of_the_readme_run_against_the_sandbox(
    sandbox: str, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 1
    assert len([line for line in blocks[0].splitlines() if line.strip()]) <= 10
    cedar = ask(f"{sandbox}/_sandbox/credentials")["organizations"][0]
    names = {"CLIENT_ID": cedar["client_id"], "CLIENT_SECRET": cedar["client_secret"]}
    exec(compile(blocks[0].replace("http://127.0.0.1:8001", sandbox), "README.md", "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) > 1, "the filter should find somebody"
    assert all("mor" in line.lower() for line in printed[:-1])
    assert printed[-1] == "Doctor"
    methods = [(row["method"], row["status"]) for row in ask(f"{sandbox}/_sandbox/requests?since=0")]
    assert ("POST", 201) in methods and ("PATCH", 200) in methods


def test_a_taken_port_is_said_in_a_sentence(sandbox: str) -> None:
    answer = subprocess.run(
        [sys.executable, "manage.py", "sandbox", "--port", sandbox.rpartition(":")[2]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode != 0
    assert "Traceback" not in answer.stderr
    assert "port" in answer.stderr.lower()
