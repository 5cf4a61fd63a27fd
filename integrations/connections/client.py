"""The seam to the API client: a client for one connection, with token, permit and safety wired in."""

from integrations import total_expert
from integrations.connections import permits, tokens, wire
from integrations.connections.models import Connection, Purpose
from integrations.connections.wire import ADAPTERS

__all__ = ["ADAPTERS", "client_for"]


def client_for(connection: Connection, *, purpose: Purpose = Purpose.WORK) -> total_expert.Client:
    """An API client that acts as ``connection``.

    Its calls raise TryLater when no token slot or no permit is free, ReconnectRequired when the grant is dead, and
    Rejected when Total Expert refuses. Use it outside any transaction.
    """
    environment = connection.installation.environment
    return total_expert.Client(
        wire.world(environment),
        token=lambda: tokens.access_token(connection, purpose=purpose),
        token_failed=lambda failed: tokens.forget_access(connection, failed),
        permit=lambda method, path: permits.ask(environment),
        adapter=ADAPTERS.get(environment.base_url),
    )
