"""Which processes know which keys, and since when."""

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


def test_a_process_reports_its_keys_and_withdraws_when_it_ends(settings: Any) -> None:
    known_keys.report("web")
    (process,) = known_keys.running()
    assert process.keys == ["test"]
    assert process.process == known_keys.name_of("web") and str(os.getpid()) in process.process
    known_keys.withdraw("web")
    assert known_keys.running() == []


def test_a_key_is_as_old_as_its_first_report(settings: Any) -> None:
    known_keys.report("web")
    first = FirstSeen.objects.get(key="test").at
    clock.advance(3600)
    put_in_front(settings)
    known_keys.report("web")
    assert FirstSeen.objects.get(key="test").at == first
    assert FirstSeen.objects.get(key="new").at > first


def test_no_key_itself_is_written_down(settings: Any) -> None:
    put_in_front(settings)
    known_keys.report("web")
    stored = str(list(KnownKeys.objects.values())) + str(list(FirstSeen.objects.values()))
    assert not any(pair.partition(":")[2] in stored for pair in settings.ENCRYPTION_KEYS.split(","))


def test_those_without_a_key_and_those_that_seal_with_another_are_told_apart(settings: Any) -> None:
    before = settings.ENCRYPTION_KEYS
    known_keys.report("web")
    settings.ENCRYPTION_KEYS = f"{before},{entry('new')}"
    known_keys.report("worker")
    assert [row.process for row in known_keys.without("new")] == [known_keys.name_of("web")]
    assert len(known_keys.sealing_with_another("new")) == 2
    assert known_keys.sealing_with_another("test") == []


def test_a_process_that_was_given_another_key_of_the_same_id_counts_as_without(settings: Any) -> None:
    before = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = f"{entry('new')},{before}"
    known_keys.report("web")
    settings.ENCRYPTION_KEYS = f"{entry('new')},{before}"
    assert [row.process for row in known_keys.without("new")] == [known_keys.name_of("web")]
    assert [row.process for row in known_keys.sealing_with_another("new")] == [known_keys.name_of("web")]
    assert known_keys.without("test") == []
    known_keys.report("web")
    assert known_keys.without("new") == known_keys.sealing_with_another("new") == []


def let_pass(minutes: int) -> None:
    KnownKeys.objects.update(at=models.F("at") - dt.timedelta(minutes=minutes))


def test_a_process_that_was_not_heard_of_for_a_quarter_of_an_hour_counts_no_more() -> None:
    known_keys.report("web")
    let_pass(14)
    assert known_keys.running()
    let_pass(2)
    assert known_keys.running() == []
    let_pass(24 * 60)
    known_keys.report("worker")
    assert [row.process for row in KnownKeys.objects.all()] == [known_keys.name_of("worker")]


def test_a_clock_that_was_moved_ends_no_process() -> None:
    known_keys.report("web")
    clock.advance(14 * 24 * 3600)
    assert len(known_keys.running()) == 1


def test_a_reporter_reports_every_five_minutes(monkeypatch: Any) -> None:
    now, told = [1000.0], []
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(known_keys, "report", told.append)
    reporter = known_keys.Reporter("worker")
    for seconds in (0, 299, 301, 302, 700):
        now[0] = 1000.0 + seconds
        reporter.report_if_due()
    assert told == ["worker"] * 3


def test_a_database_that_is_away_ends_no_process(monkeypatch: Any) -> None:
    class Enough(Exception):
        pass

    asked: list[str] = []

    def away(kind: str) -> None:
        asked.append(kind)
        raise Enough if len(asked) == 3 else InterfaceError("away")

    monkeypatch.setattr(known_keys, "report", away)
    monkeypatch.setattr(known_keys, "LOOK", 0.0)
    with pytest.raises(Enough):
        known_keys._report_for_ever(known_keys.Reporter("web"))


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
def test_a_web_process_reports_by_itself_its_forks_too_and_its_end(
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
    # the fork was ended without a word; it counts until its time is over
    assert known_keys.name_of("web").rpartition(":")[0] in KnownKeys.objects.get().process


def wait_for(processes: int) -> None:
    until = time.monotonic() + 120
    while KnownKeys.objects.count() != processes:
        assert time.monotonic() < until
        time.sleep(0.1)
