"""`manage.py work` looks at the database before it begins."""

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from integrations.jobs.cluster.supervisor import Supervisor
from portal.core import clock
from tests.portal.encryption.keys import put_in_front, take_out
from tests.portal.people import person, with_app


@pytest.fixture
def started(db: None, monkeypatch: pytest.MonkeyPatch) -> list[Supervisor]:
    """The supervisors that the command ran."""
    ran: list[Supervisor] = []
    monkeypatch.setattr(Supervisor, "run", lambda supervisor: ran.append(supervisor))
    return ran


def test_a_worker_does_not_start_on_a_moved_clock(started: list[Supervisor], settings: Any) -> None:
    settings.DEMO = False
    clock.advance(60)
    with pytest.raises(SystemCheckError, match="60 s ahead of the database's"):
        call_command("work")
    assert started == []


def test_a_worker_starts_where_nothing_is_wrong(started: list[Supervisor]) -> None:
    call_command("work")
    assert len(started) == 1


def test_a_worker_says_that_a_key_is_missing_and_starts_in_spite_of_it(
    started: list[Supervisor], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    take_out(settings)
    call_command("work")
    assert len(started) == 1
    assert "Key “test” is missing from ENCRYPTION_KEYS" in capsys.readouterr().err
