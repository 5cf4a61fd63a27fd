"""API clients for connections, with token, permits, call log, and outbound IP address wired in."""

import datetime as dt
from typing import Any

from integrations import total_expert
from integrations.connections import call_log
from integrations.connections.limits.egress import proxies_for
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
    """Return an API client that acts as ``connection``.

    ``stale_since`` says when the data that the work refreshes was last read: the oldest goes first. ``due_at`` is the
    deadline: among privacy requests the nearest goes first.

    Its calls raise TryLater if no token or permit is available, ReconnectRequired if the grant no longer works, and
    Rejected if Total Expert refuses the call. Use it outside any transaction.
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
    """Return an API client that acts with credentials that were granted a token but are not in use yet."""
    return _client(candidate.connection, purpose, token=lambda: str(candidate.access_token))


def _client(connection: Connection, purpose: Purpose, **hooks: Any) -> total_expert.Client:
    environment = connection.installation.environment
    permits = Permits(connection, purpose)
    return total_expert.Client(
        requests.client_environment(environment),
        permit=permits.acquire,
        observe=call_log.make_observer(connection, permits),
        adapter=ADAPTERS.get(environment.base_url),
        proxies=proxies_for(connection.egress),
        **hooks,
    )
