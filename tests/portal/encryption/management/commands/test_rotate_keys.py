"""`manage.py rotate_keys`, as it is used: from a shell, beside running processes."""

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


def test_it_tells_its_progress_and_that_nothing_is_left(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    text = run()
    assert "mfa.Authenticator.data: 1 of 1" in text
    assert "1 sealed anew with “new”, 0 were already." in text and "may be taken out" in text
    assert "0 sealed anew with “new”, 1 were already." in run()


def test_json_is_one_object(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    assert json.loads(run("--json")) == {
        "key": "new",
        "resealed": 1,
        "already": 0,
        "left": 0,
        "stopped": False,
        "failed": [],
    }


def test_what_does_not_open_is_named_at_the_end_with_status_1(settings: Any) -> None:
    for number in range(25):
        with_app(person(f"p{number}@cedar.example"))
    put_in_front(settings)
    take_out(settings)
    status, text = status_of()
    assert status == 1 and "… and 5 more" in text and "25 do not open" in text
    status, text = status_of("--json")
    told = json.loads(text)
    assert status == 1 and len(told["failed"]) == told["left"] == 25
    assert set(told["failed"][0]) == {"model", "row", "key", "problem"} and told["failed"][0]["key"] == "test"
    assert "@" not in text


def test_no_key_may_go_while_something_under_the_newest_does_not_open(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    settings.ENCRYPTION_KEYS = entry("test")
    status, text = status_of()
    assert status == 1 and "put the old one back" in text and "may be taken out" not in text


def test_it_refuses_while_a_running_process_does_not_know_the_newest_key(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    known_keys.report("worker")
    put_in_front(settings)
    with pytest.raises(CommandError, match="Not every process knows key “new”") as refused:
        run()
    assert refused.value.returncode == 2 and known_keys.name_of("worker") in str(refused.value)
    assert rotation.count() == {"test": 1}
    run("--force")
    assert rotation.count() == {"new": 1}


def test_it_goes_on_where_everybody_knows_the_newest_key(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    known_keys.report("worker")
    assert "may be taken out" in run()
    assert rotation.count() == {"new": 1}


def test_no_key_may_go_while_a_running_process_still_seals_with_it(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    both = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ",".join(reversed(both.split(",")))
    known_keys.report("worker")
    settings.ENCRYPTION_KEYS = both
    text = run()
    assert f"{known_keys.name_of('worker')} still seals with “test”" in text
    assert "before you take a key out" in text and "may be taken out" not in text


def test_the_help_says_in_which_order_a_key_is_replaced() -> None:
    text = subprocess.run(
        [sys.executable, "manage.py", "rotate_keys", "--help"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=180,
    ).stdout
    text = " ".join(text.split())
    steps = [text.index(step) for step in ("append it", "Move it to the front", "(3) Run this", "take the")]
    assert steps == sorted(steps)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_value_under_way_and_the_rest_can_be_done_later(
    settings: Any, process_environment: dict[str, str], number: signal.Signals
) -> None:
    ada = person("ada@cedar.example")
    with_app(ada)
    row = Authenticator.objects.get()
    copies = [
        Authenticator(user=person(f"p{n}@cedar.example"), type="totp", data=row.data) for n in range(400)
    ]
    Authenticator.objects.bulk_create(copies)
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
    assert f"Stopped. {counts['test']:,} are left under other keys" in text
    assert f"{counts['new']:,} sealed anew" in text
    assert rotation.rotate().left == 0
