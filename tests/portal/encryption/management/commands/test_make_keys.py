"""Keys for a portal's first run."""

import os
import subprocess
import sys

import pytest

from portal.encryption import fields
from portal.encryption.management.commands.make_keys import make
from tests.processes import ROOT


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """`manage.py make_keys` in an environment that has no settings yet."""
    return subprocess.run(
        [sys.executable, "manage.py", "make_keys", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_keys_are_printed_before_there_are_any_settings() -> None:
    answer = run()
    assert answer.returncode == 0, answer.stderr
    lines = dict(line.split("=", 1) for line in answer.stdout.splitlines())
    assert list(lines) == ["SECRET_KEY", "ENCRYPTION_KEYS", "FINGERPRINT_KEY"]
    assert len(lines["SECRET_KEY"]) >= 50
    assert not any(character in answer.stdout for character in " \"'$#")


def test_the_encryption_key_is_one_that_the_portal_reads() -> None:
    assert list(fields.parse_keys(make("k1")["ENCRYPTION_KEYS"])) == ["k1"]


def test_two_runs_share_no_key_nor_its_id() -> None:
    one, two = make("k1"), make("k1")
    assert all(one[name] != two[name] for name in one)
    ids = {line.partition(":")[0] for _ in "12" for line in run().stdout.splitlines() if "_KEYS=" in line}
    assert len(ids) == 2


@pytest.mark.parametrize("name", ["a:b", "a,b", "", "x" * 33])
def test_an_id_that_a_list_of_keys_could_not_hold_is_refused(name: str) -> None:
    answer = run(f"--name={name}")
    assert answer.returncode == 2
    assert "letters and digits" in answer.stderr
