"""Which processes know which encryption keys, and when each key was first seen."""

import datetime as dt
import os
import subprocess
import sys
import time
from typing import Any

import pytest
from django.db import InterfaceError, models

from portal.core import clock
from portal.encryption import known_keys
from portal.encryption.known_keys import FirstSeen, KnownKeys
from tests.portal.encryption.keys import entry, put_in_front
from tests.processes import ROOT

pytestmark = pytest.mark.django_db


def names(processes: list[KnownKeys]) -> list[str]:
    return [row.process for row in processes]


def test_a_process_reports_its_keys_and_deletes_the_report_when_it_ends() -> None:
    known_keys.report("web")
    (process,) = known_keys.running()
    assert process.keys == ["test"]
    assert process.process == known_keys.name_of("web") and str(os.getpid()) in process.process
    known_keys.withdraw("web")
    assert known_keys.running() == []


def test_the_first_report_of_a_key_is_remembered(settings: Any) -> None:
    known_keys.report("web")
    first = FirstSeen.objects.get(key="test").at
    clock.advance(3600)
    put_in_front(settings)
    known_keys.report("web")
    assert FirstSeen.objects.get(key="test").at == first
    assert FirstSeen.objects.get(key="new").at > first


def test_reports_do_not_contain_the_keys_themselves(settings: Any) -> None:
    put_in_front(settings)
    known_keys.report("web")
    stored = str(list(KnownKeys.objects.values())) + str(list(FirstSeen.objects.values()))
    assert not any(pair.partition(":")[2] in stored for pair in settings.ENCRYPTION_KEYS.split(","))


def test_a_process_may_know_a_key_without_encrypting_with_it(settings: Any) -> None:
    before = settings.ENCRYPTION_KEYS
    known_keys.report("web")
    settings.ENCRYPTION_KEYS = f"{before},{entry('new')}"
    known_keys.report("worker")
    assert names(known_keys.processes_without("new")) == [known_keys.name_of("web")]
    assert len(known_keys.processes_not_encrypting_with("new")) == 2
    assert known_keys.processes_not_encrypting_with("test") == []


def test_a_different_key_with_the_same_id_is_a_different_key(settings: Any) -> None:
    before = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = f"{entry('new')},{before}"
    known_keys.report("web")
    settings.ENCRYPTION_KEYS = f"{entry('new')},{before}"
    assert names(known_keys.processes_without("new")) == [known_keys.name_of("web")]
    assert names(known_keys.processes_not_encrypting_with("new")) == [known_keys.name_of("web")]
    assert known_keys.processes_without("test") == []
    known_keys.report("web")
    assert known_keys.processes_without("new") == known_keys.processes_not_encrypting_with("new") == []


def age_reports(minutes: int) -> None:
    KnownKeys.objects.update(at=models.F("at") - dt.timedelta(minutes=minutes))


def test_a_process_counts_as_running_for_fifteen_minutes_after_its_last_report() -> None:
    known_keys.report("web")
    age_reports(14)
    assert known_keys.running()
    age_reports(2)
    assert known_keys.running() == []
    age_reports(24 * 60)
    known_keys.report("worker")
    assert names(list(KnownKeys.objects.all())) == [known_keys.name_of("worker")]


def test_moving_the_portals_clock_does_not_end_a_process() -> None:
    known_keys.report("web")
    clock.advance(14 * 24 * 3600)
    assert len(known_keys.running()) == 1


def test_a_reporter_reports_every_five_minutes(monkeypatch: Any) -> None:
    now, reports = [1000.0], []
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(known_keys, "report", reports.append)
    reporter = known_keys.Reporter("worker")
    for seconds in (0, 299, 301, 302, 700):
        now[0] = 1000.0 + seconds
        reporter.report_if_due()
    assert reports == ["worker"] * 3


def test_an_unavailable_database_does_not_end_the_reporting_thread(monkeypatch: Any) -> None:
    class Enough(Exception):
        pass

    attempts: list[str] = []

    def fail(kind: str) -> None:
        attempts.append(kind)
        raise Enough if len(attempts) == 3 else InterfaceError("unavailable")

    monkeypatch.setattr(known_keys, "report", fail)
    monkeypatch.setattr(known_keys, "CHECK_EVERY", 0.0)
    with pytest.raises(Enough):
        known_keys._report_forever(known_keys.Reporter("web"))


REPORTER = """
import os, sys, django
django.setup()
from portal import wsgi
sys.stdin.readline()
pid = os.fork()
if pid == 0:
    sys.stdin.readline()
    os._exit(0)
os.waitpid(pid, 0)
"""


@pytest.mark.django_db(transaction=True)
def test_a_web_process_and_its_forks_report_and_a_normal_exit_deletes_the_report(
    process_environment: dict[str, str],
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", REPORTER],
        stdin=subprocess.PIPE,
        env=process_environment,
        cwd=ROOT,
        text=True,
    )
    assert process.stdin is not None
    try:
        wait_for(1)
        process.stdin.write("\n")
        process.stdin.flush()
        wait_for(2)
    finally:
        process.communicate("\n", timeout=120)
    assert process.returncode == 0
    # the fork ended without cleaning up, so its report stays until it is too old
    assert known_keys.name_of("web").rpartition(":")[0] in KnownKeys.objects.get().process


def wait_for(processes: int) -> None:
    until = time.monotonic() + 120
    while KnownKeys.objects.count() != processes:
        assert time.monotonic() < until
        time.sleep(0.1)
