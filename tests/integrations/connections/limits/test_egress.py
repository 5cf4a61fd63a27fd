"""Egress: calls and token requests go out by the connection's proxy, and each address has its own hour."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.connections.client import client_for
from integrations.connections.limits import budgets, egress, ledger
from integrations.connections.models import (
    Connection,
    ConnectionState,
    Egress,
    Environment,
    GrantType,
    Purpose,
)
from integrations.connections.tokens import access
from integrations.total_expert import NotSent, TryLater
from portal.core import clock
from tests.integrations.connections.consented import consented_connection
from tests.integrations.connections.proxy import PASSWORD, SOURCE, forward_proxy
from tests.processes import SandboxProcess, sandbox_process

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox(tmp_path: Path, settings: Any) -> Iterator[SandboxProcess]:
    with sandbox_process(tmp_path, tokens_per_hour=2) as running:
        settings.ENVIRONMENT_HOSTS = [running.address.removeprefix("http://")]
        yield running


@pytest.fixture
def connection(sandbox: SandboxProcess) -> Connection:
    return consented_connection(sandbox, by=GrantType.AUTHORIZATION_CODE)


@pytest.fixture
def way() -> Iterator[Egress]:
    with forward_proxy() as address:
        yield egress.add_proxy(name="second", label="Second", proxy_url=address, actor=None)


def addresses(sandbox: SandboxProcess, path: str) -> list[str]:
    return [row["address"] for row in sandbox.requests(path)]


def test_calls_and_renewals_come_from_the_proxys_address(
    sandbox: SandboxProcess, connection: Connection, way: Egress
) -> None:
    assert addresses(sandbox, "/v1/token") == ["127.0.0.1"]
    egress.assign_egress(connection, way, actor=None)
    with client_for(connection) as client:
        client.contacts.list()
    assert addresses(sandbox, "/v1/contacts")[-1] == SOURCE
    sandbox.ask("/_sandbox/clock", {"advance": 3700})
    clock.advance(3700)
    assert access.get_access_token(connection)
    assert addresses(sandbox, "/v1/token") == ["127.0.0.1", SOURCE]


def test_an_address_whose_hour_is_used_does_not_hold_up_the_other(
    sandbox: SandboxProcess, connection: Connection, way: Egress
) -> None:
    Environment.objects.update(tokens_per_hour=1)
    with pytest.raises(ledger.NoSlot):
        ledger.open_request(connection, purpose=Purpose.WORK, fence=0)
    egress.assign_egress(connection, way, actor=None)
    assert ledger.open_request(connection, purpose=Purpose.WORK, fence=0)
    assert budgets.for_connection(connection).egress == way


def test_a_proxy_that_refuses_us_costs_no_grant_and_shows_no_password(
    sandbox: SandboxProcess, connection: Connection, way: Egress
) -> None:
    way.proxy_url = str(way.proxy_url).replace("bob:", "eve:")
    way.save()
    egress.assign_egress(connection, way, actor=None)
    sandbox.ask("/_sandbox/clock", {"advance": 3700})
    clock.advance(3700)
    with pytest.raises(TryLater) as refused:
        access.get_access_token(connection)
    assert PASSWORD not in str(refused.value) and "eve" not in str(refused.value)
    connection.refresh_from_db()
    assert connection.state == ConnectionState.ACTIVE
    assert addresses(sandbox, "/v1/token") == ["127.0.0.1"]


def test_a_proxy_that_is_gone_sends_nothing_and_is_tried_again(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    gone = egress.add_proxy(name="gone", label="Gone", proxy_url="http://127.0.0.1:9", actor=None)
    egress.assign_egress(connection, gone, actor=None)
    with client_for(connection) as client, pytest.raises(NotSent):
        client.contacts.list()
    connection.refresh_from_db()
    assert connection.state == ConnectionState.ACTIVE
