"""The tests' own ground: nothing is skipped where all must run, and other processes see the same database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.accounts.models import User

ROOT = Path(__file__).resolve().parent.parent
SKIPS = """
import pytest

def test_one():
    pytest.skip("there is no browser")

@pytest.mark.skip(reason="not on this machine")
def test_two():
    pass

@pytest.mark.xfail(reason="known")
def test_three():
    assert False

@pytest.mark.soak
def test_four():
    raise SystemError("ran a long test")
"""


def pytest_on(file: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest on one file outside the project, with the project's conftest as its plugin."""
    configuration = file.with_name("pytest.ini")
    configuration.write_text("[pytest]\nmarkers = soak: a long test\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:django",
        "-rs",
        "-c",
        configuration,
    ]
    return subprocess.run(
        [*command, *arguments, file],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=180,
    )


@pytest.fixture
def skipping(tmp_path: Path) -> Path:
    file = tmp_path / "test_skipping.py"
    file.write_text(SKIPS)
    return file


def test_a_skip_is_said_with_its_reason(skipping: Path) -> None:
    answer = pytest_on(skipping)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "2 skipped, 1 deselected, 1 xfailed" in answer.stdout
    assert "there is no browser" in answer.stdout


def test_where_everything_must_run_a_skip_is_a_failure(skipping: Path) -> None:
    answer = pytest_on(skipping, REQUIRE_ALL="1")
    assert answer.returncode == 1
    assert "1 failed, 1 deselected, 1 xfailed, 1 error" in answer.stdout
    assert answer.stdout.count("this would be skipped") == 2
    assert "there is no browser" in answer.stdout and "not on this machine" in answer.stdout


def test_where_everything_must_run_a_skipped_module_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "test_module.py"
    file.write_text("import pytest\npytest.importorskip('a_module_that_is_nowhere')\n")
    assert pytest_on(file, REQUIRE_ALL="1").returncode not in (0, 5)


def test_a_long_test_runs_when_its_mark_is_asked_for(skipping: Path) -> None:
    assert "ran a long test" in pytest_on(skipping, "-m", "soak").stdout


@pytest.mark.django_db(transaction=True)
def test_another_process_works_on_this_tests_database(process_environment: dict[str, str]) -> None:
    User.objects.create_user("ann@partner.example", name="Ann Lee")
    answer = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c"]
        + ["from portal.accounts.models import User; print([user.name for user in User.objects.all()])"],
        cwd=ROOT,
        env=process_environment,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert answer.stdout == "['Ann Lee']\n", answer.stderr
