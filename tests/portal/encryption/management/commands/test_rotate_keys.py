"""`manage.py rotate_keys`, as it is used: from a shell, while other processes run."""

import json
import os
import signal
import subprocess
import sys
import time
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from portal.accounts.second_factors.adapter import MFAAdapter
from portal.accounts.second_factors.binding import id_of
from portal.encryption import known_keys, rotation
from tests.portal.encryption.keys import entry, put_in_front, take_out
from tests.portal.people import person, with_app
from tests.processes import ROOT

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rotate_keys", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def status_of(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("rotate_keys", *arguments, stdout=out, stderr=StringIO())
    return int(ended.value.code or 0), out.getvalue()


def test_it_reports_progress_and_that_other_keys_can_be_removed(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    text = run()
    assert "mfa.Authenticator.data: 1 of 1" in text
    assert "Values re-encrypted with key “new”: 1. Already encrypted with it: 0." in text
    assert "You can remove them" in text
    assert "Values re-encrypted with key “new”: 0. Already encrypted with it: 1." in run()


def test_the_json_output_is_one_object(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    assert json.loads(run("--json")) == {
        "key": "new",
        "reencrypted": 1,
        "already_current": 0,
        "left": 0,
        "stopped": False,
        "failed": [],
    }


def test_values_that_cannot_be_decrypted_are_listed_and_the_exit_status_is_1(settings: Any) -> None:
    for number in range(25):
        with_app(person(f"p{number}@cedar.example"))
    put_in_front(settings)
    take_out(settings)
    status, text = status_of()
    assert status == 1 and "… and 5 more" in text and "Values that can't be decrypted: 25." in text
    status, text = status_of("--json")
    result = json.loads(text)
    assert status == 1 and len(result["failed"]) == result["left"] == 25
    assert set(result["failed"][0]) == {"store", "row", "key", "problem"}
    assert result["failed"][0]["key"] == "test"
    assert "@" not in text


def test_no_key_can_be_removed_while_a_value_of_the_active_key_cannot_be_decrypted(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    settings.ENCRYPTION_KEYS = entry("test")
    status, text = status_of()
    assert status == 1 and "restore the old one" in text and "You can remove" not in text


def test_it_does_not_run_while_a_running_process_does_not_know_the_active_key(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    known_keys.report("worker")
    put_in_front(settings)
    with pytest.raises(CommandError, match="Some running processes don't have key “new”") as error:
        run()
    assert error.value.returncode == 2 and known_keys.name_of("worker") in str(error.value)
    assert rotation.count() == {"test": 1}
    run("--force")
    assert rotation.count() == {"new": 1}


def test_it_runs_if_every_process_knows_the_active_key(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    known_keys.report("worker")
    assert "You can remove them" in run()
    assert rotation.count() == {"new": 1}


def test_no_key_can_be_removed_while_a_running_process_still_encrypts_with_it(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    both = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ",".join(reversed(both.split(",")))
    known_keys.report("worker")
    settings.ENCRYPTION_KEYS = both
    text = run()
    assert f"{known_keys.name_of('worker')} still encrypts with “test”" in text
    assert "before you remove a key" in text and "You can remove" not in text


def test_the_help_lists_the_steps_of_replacing_a_key_in_order() -> None:
    text = subprocess.run(
        [sys.executable, "manage.py", "rotate_keys", "--help"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=180,
    ).stdout
    text = " ".join(text.split())
    steps = [
        text.index(step) for step in ("add it to the end", "to the front", "(3) Run this", "remove the old")
    ]
    assert steps == sorted(steps)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_after_the_current_value_and_it_can_continue_later(
    settings: Any, process_environment: dict[str, str], number: signal.Signals
) -> None:
    factors = [Authenticator(user=person(f"p{n}@cedar.example"), type="totp", data={}) for n in range(400)]
    for factor in factors:
        factor.data = {"secret": MFAAdapter().encrypt("secret", id_of(factor))}
    Authenticator.objects.bulk_create(factors)
    put_in_front(settings)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "rotate_keys"],
        cwd=ROOT,
        env={**process_environment, "ENCRYPTION_KEYS": settings.ENCRYPTION_KEYS},
        stdout=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 120
    while rotation.count()["new"] < 5:
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    counts = rotation.count()
    assert 5 <= counts["new"] < 401
    assert f"Stopped. Values that still need other keys: {counts['test']:,}." in text
    assert f"Values re-encrypted with key “new”: {counts['new']:,}." in text
    assert rotation.rotate().left == 0
