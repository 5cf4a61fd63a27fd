"""The policy of a tool without a scheduler: a connection with work that gets a 401 requests a token at once.

Requests are served first come, first served, and nothing is counted beforehand. A 429, an outage, or a lost response is
retried with exponential backoff. Grants without work are not renewed. In its favor, one process serves each connection, so
no two refresh it at once, and after a permanent refusal it waits until a person has reconnected.
"""

import datetime as dt

from integrations.connections.models import Purpose
from integrations.simulation.engine import SimulatedConnection, Simulation
from integrations.simulation.token_server import Outcome

FIRST_WAIT, MAX_WAIT = dt.timedelta(minutes=1), dt.timedelta(hours=1)


class NaivePolicy:
    """Refresh on 401."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        #: The retries of connections that are requesting a token.
        self._retries: dict[str, int] = {}

    def on_needed(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        """Request a token at once, unless a request is in progress."""
        if connection.id not in self._retries:
            self._retries[connection.id] = 0
            self._simulation.send(connection, at)

    def on_left(self, connection: SimulatedConnection, purpose: Purpose, at: dt.datetime) -> None:
        """Keep the request: the job doesn't learn that the person has left."""
        connection.needs[purpose].left = True

    def on_granted(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        """Do nothing: no one renews a grant without work."""

    def on_ended(self, connection: SimulatedConnection, outcome: Outcome, at: dt.datetime) -> None:
        """Retry temporary failures later."""
        if outcome in (Outcome.GRANTED, Outcome.REFUSED):
            del self._retries[connection.id]
            return
        retries = self._retries[connection.id]
        self._retries[connection.id] = retries + 1
        wait = min(FIRST_WAIT * 2 ** min(retries, 16), MAX_WAIT)
        self._simulation.schedule(at + wait * connection.random.uniform(0.5, 1), self._retry, connection)

    def _retry(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        if connection.needs:
            self._simulation.send(connection, at)
        else:
            del self._retries[connection.id]
