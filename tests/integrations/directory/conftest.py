"""A connected organization of the sandbox, and ways to change it in Total Expert."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from integrations import total_expert
from integrations.connections.client import client_for
from integrations.connections.models import Connection
from integrations.directory.sync import jobs
from integrations.jobs import queue
from integrations.jobs.models import Job
from portal.accounts.models import User
from tests import snapshots
from tests.world import Sandbox, World


@pytest.fixture
def admin(world: World) -> Connection:
    """An admin connection to Cedar Home Lending."""
    return world.connected()


@pytest.fixture
def officer(world: World) -> Connection:
    """A connection of one loan officer of Cedar Home Lending."""
    return world.consented(world.member("officer"))


@pytest.fixture
def over_there(admin: Connection) -> total_expert.Client:
    """A client that changes things in Total Expert, as another integration would."""
    return client_for(admin)


@pytest.fixture
def run_sync(sandbox: Sandbox) -> Callable[..., Job]:
    """A function that syncs what a connection sees completely. The first time, this may be done already."""

    def run(connection: Connection, **options: Any) -> Job:
        return snapshots.once(
            ("sync", connection.pk, repr(options)),
            lambda: queue.run_now(jobs.start(connection=connection, **options)),
            sandbox=sandbox,
        )

    return run


@pytest.fixture
def browser() -> Callable[[User], Client]:
    """A function that returns a browser in which a user is signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in
