"""`manage.py make_keys`, the first command of an installation."""

import os
import subprocess
import sys

import pytest

from portal.encryption import keys
from portal.encryption.management.commands.make_keys import make
from tests.processes import ROOT


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `manage.py make_keys` in an environment without settings."""
    return subprocess.run(
        [sys.executable, "manage.py", "make_keys", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_keys_are_printed_without_any_settings() -> None:
    answer = run()
    assert answer.returncode == 0, answer.stderr
    lines = dict(line.split("=", 1) for line in answer.stdout.splitlines())
    assert list(lines) == ["SECRET_KEY", "ENCRYPTION_KEYS", "FINGERPRINT_KEY"]
    assert len(lines["SECRET_KEY"]) >= 50
    assert not any(character in answer.stdout for character in " \"'$#")


def test_the_portal_can_parse_the_encryption_key() -> None:
    assert list(keys.parse_keys(make("k1")["ENCRYPTION_KEYS"])) == ["k1"]


def test_two_runs_print_different_keys_and_ids() -> None:
    one, two = make("k1"), make("k1")
    assert all(one[name] != two[name] for name in one)
    ids = {line.partition(":")[0] for _ in "12" for line in run().stdout.splitlines() if "_KEYS=" in line}
    assert len(ids) == 2


@pytest.mark.parametrize("name", ["a:b", "a,b", "", "x" * 33])
def test_an_id_that_is_not_alphanumeric_or_too_long_is_rejected(name: str) -> None:
    answer = run(f"--name={name}")
    assert answer.returncode == 2
    assert "letters and digits" in answer.stderr
