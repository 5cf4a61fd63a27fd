"""A worker dies, or is stopped and wakes up late, at each point of a refresh: nothing is lost silently, nothing sent twice.

The refresh runs in a forked process that sends itself a signal at one of ten points. Afterwards this process does what
the next worker would, with the clock moved on past the lease. The sandbox, a process of its own, counts what arrived.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import connections as databases

from integrations.connections.limits import ledger, permits
from integrations.connections.models import (
    Connection,
    ConnectionState,
    Environment,
    GrantType,
    RequestState,
    TokenRequest,
)
from integrations.connections.tokens import access, leases
from integrations.total_expert import ReconnectRequired, TryLater
from integrations.total_expert.transport import responses
from portal.core import clock
from tests.integrations.connections.consented import consented_connection
from tests.processes import SandboxProcess, sandbox_process

pytestmark = pytest.mark.django_db(transaction=True)

#: Where a refresh may be struck: what is patched, and whether the blow falls before or after it.
POINTS: dict[str, tuple[Any, str, str]] = {
    "before the lease is taken": (leases, "take_lease", "before"),
    "when the lease is taken": (leases, "take_lease", "after"),
    "before the intent is written": (ledger, "_record", "before"),
    "while the intent is being committed": (ledger, "_take_slot", "after"),
    "when the intent stands in the ledger": (ledger, "_record", "after"),
    "when its permit is given": (permits.Permits, "acquire", "after"),
    "before the request is sent": (access, "send_request", "before"),
    "while the answer is on its way": (responses, "read_response", "before"),
    "when the answer is read and nothing of it stored": (access, "send_request", "after"),
    "while the pair is being committed": (access, "write_pair", "after"),
    "when the pair is stored": (access, "_store_with_retries", "after"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def sandbox(server: SandboxProcess, settings: Any) -> SandboxProcess:
    server.ask("/_sandbox/reset", {})
    settings.ENVIRONMENT_HOSTS = [server.address.removeprefix("http://")]
    return server


@pytest.fixture(params=[GrantType.AUTHORIZATION_CODE, GrantType.CLIENT_CREDENTIALS])
def connection(request: pytest.FixtureRequest, sandbox: SandboxProcess) -> Connection:
    """A connection whose access token has run out, with two token requests an hour to renew it, none used."""
    made = consented_connection(sandbox, by=request.param)
    pass_time(sandbox, 3700)
    Environment.objects.update(tokens_per_hour=2)
    return made


def pass_time(sandbox: SandboxProcess, seconds: float) -> None:
    sandbox.ask("/_sandbox/clock", {"advance": seconds})
    clock.advance(seconds)


def strike(point: str, blow: int) -> None:
    """In the child: send ourselves a signal at this point."""
    place, name, when = POINTS[point]
    original = getattr(place, name)

    def struck(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            os.kill(os.getpid(), blow)
        answer = original(*args, **kwargs)
        if when == "after":
            os.kill(os.getpid(), blow)
        return answer

    setattr(place, name, struck)


def forked(action: Callable[[], object]) -> int:
    """Run something in a child process, with database connections of its own. Answers its process id."""
    databases.close_all()
    child = os.fork()
    if child:
        return child
    try:
        action()
    finally:
        os._exit(0)


def refresh(connection: Connection) -> str:
    """What any worker does."""
    try:
        return access.get_access_token(Connection.objects.get(pk=connection.pk))
    except (TryLater, ReconnectRequired) as problem:
        return str(problem)


def struck_refresh(connection: Connection, point: str, blow: int) -> int:
    def action() -> None:
        strike(point, blow)
        refresh(connection)

    _children.append(forked(action))
    return _children[-1]


_children: list[int] = []


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    """A stopped child that a failed test leaves behind would hold the database for ever."""
    yield
    for child in _children:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    _children.clear()


def assert_nothing_is_lost_silently(sandbox: SandboxProcess, connection: Connection, before: int) -> None:
    """It works, or it says that it needs somebody; and the vendor's hour was kept."""
    arrived = sandbox.requests("/v1/token")[before:]
    assert len(arrived) <= 2, "a third token request"
    assert all(row["status"] != 429 for row in arrived)
    row = Connection.objects.get(pk=connection.pk)
    if row.state == ConnectionState.ACTIVE:
        token = access.get_access_token(row)
        assert sandbox.status_of("/v1/contacts", token) == 200, "the token does not work"
    else:
        assert row.state == ConnectionState.NEEDS_RECONNECT and "Reconnect" in row.reason, row.reason
    left = TokenRequest.objects.filter(state=RequestState.OPEN)
    assert not left.exists(), "an intent that nobody explained"


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_any_point_loses_no_connection_without_saying_so(
    sandbox: SandboxProcess, connection: Connection, point: str
) -> None:
    before = len(sandbox.requests("/v1/token"))
    child = struck_refresh(connection, point, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it was not struck"
    pass_time(sandbox, leases.LEASE_DURATION.total_seconds() + 1)
    refresh(connection)
    assert_nothing_is_lost_silently(sandbox, connection, before)


@pytest.mark.parametrize("point", POINTS)
def test_a_zombie_that_wakes_up_late_sends_nothing_and_overwrites_nothing(
    sandbox: SandboxProcess, connection: Connection, point: str
) -> None:
    before = len(sandbox.requests("/v1/token"))
    child = struck_refresh(connection, point, signal.SIGSTOP)
    _, status = os.waitpid(child, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    if "being committed" not in point or databases["default"].vendor != "sqlite":
        # stopped within a transaction it holds all of SQLite: then nobody does anything until it goes on
        pass_time(sandbox, leases.LEASE_DURATION.total_seconds() + 1)
        give_a_chance(lambda: refresh(connection))
    os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
    pass_time(sandbox, leases.LEASE_DURATION.total_seconds() + 1)  # that of who was killed while it waited
    refresh(connection)
    assert_nothing_is_lost_silently(sandbox, connection, before)


def give_a_chance(action: Callable[[], object]) -> None:
    """The next worker, in a process of its own: it may have to wait for a row that the zombie holds."""
    _children.append(child := forked(action))
    until = time.monotonic() + 3
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
