"""The seam to the API client: a client for one connection, with token, permit and safety wired in."""

import datetime as dt
from typing import Any

from integrations import total_expert
from integrations.connections import call_log
from integrations.connections.limits import egress
from integrations.connections.limits.permits import Permits
from integrations.connections.models import Connection, CredentialCandidate, Purpose
from integrations.connections.tokens import access, requests
from integrations.connections.tokens.requests import ADAPTERS

__all__ = ["ADAPTERS", "client_for", "client_for_candidate"]


def client_for(
    connection: Connection,
    *,
    purpose: Purpose = Purpose.WORK,
    stale_since: dt.datetime | None = None,
    due_at: dt.datetime | None = None,
) -> total_expert.Client:
    """An API client that acts as ``connection``. ``stale_since`` is how old what it renews is: of work the stalest goes
    first; ``due_at`` is the deadline: of privacy requests the nearest does.

    Its calls raise TryLater when no token slot or no permit is free, ReconnectRequired when the grant is dead, and
    Rejected when Total Expert refuses. Use it outside any transaction.
    """
    return _client(
        connection,
        purpose,
        token=lambda: access.get_access_token(
            connection, purpose=purpose, stale_since=stale_since, due_at=due_at
        ),
        token_failed=lambda failed: access.discard_access_token(connection, failed),
    )


def client_for_candidate(candidate: CredentialCandidate, *, purpose: Purpose) -> total_expert.Client:
    """An API client that acts with credentials that were granted a token and have not taken their connection over."""
    return _client(candidate.connection, purpose, token=lambda: str(candidate.access_token))


def _client(connection: Connection, purpose: Purpose, **hooks: Any) -> total_expert.Client:
    environment = connection.installation.environment
    permits = Permits(connection, purpose)
    return total_expert.Client(
        requests.client_environment(environment),
        permit=permits.ask,
        observe=call_log.make_observer(connection, permits),
        adapter=ADAPTERS.get(environment.base_url),
        proxies=egress.proxies_for(connection.egress),
        **hooks,
    )
