"""A model of Total Expert's token endpoint: it counts requests per IP address in sliding windows of an hour."""

import datetime as dt
from collections import Counter, deque
from enum import Enum

from integrations.connections.limits.scheduler import HOUR
from integrations.simulation.scenario import TOKENS_PER_HOUR, Outage


class Outcome(Enum):
    """How a token request ended."""

    GRANTED = "granted"
    LOST = "lost"  #: the response never arrived
    REFUSED = "refused"  #: invalid_client or invalid_grant
    TOO_MANY = "too many"  #: 429
    DOWN = "down"  #: 503
    NOT_SENT = "not sent"  #: the outbound IP address is down


class TokenServer:
    """Answers token requests.

    With ``forgiving``, a request that gets a 429 doesn't count itself. Total Expert documents only that failed requests
    count.
    """

    def __init__(self, addresses: int, outages: tuple[Outage, ...], *, forgiving: bool = False) -> None:
        self._outages = outages
        self._forgiving = forgiving
        self._counted: list[deque[dt.datetime]] = [deque() for _ in range(addresses)]
        #: Each request that arrived: its time, address, and outcome.
        self.log: list[tuple[dt.datetime, int, Outcome]] = []

    def is_reachable(self, address: int, at: dt.datetime) -> bool:
        """Return whether an address can send requests."""
        return not any(outage.address == address and outage.covers(at) for outage in self._outages)

    def answer(self, address: int, at: dt.datetime, otherwise: Outcome) -> Outcome:
        """Return the outcome of a request that arrives at ``at``: ``otherwise``, unless a limit or an outage prevents it."""
        if not self.is_reachable(address, at):
            return Outcome.NOT_SENT
        outcome = self._outcome(address, at, otherwise)
        if outcome != Outcome.TOO_MANY or not self._forgiving:
            self._counted[address].append(at)
        self.log.append((at, address, outcome))
        return outcome

    def _outcome(self, address: int, at: dt.datetime, otherwise: Outcome) -> Outcome:
        window = self._counted[address]
        while window and window[0] <= at - HOUR:
            window.popleft()
        if len(window) >= TOKENS_PER_HOUR:
            return Outcome.TOO_MANY
        if any(outage.address is None and outage.covers(at) for outage in self._outages):
            return Outcome.DOWN
        return otherwise

    def count(self) -> Counter[Outcome]:
        """Return how many requests ended with each outcome."""
        return Counter(outcome for _, _, outcome in self.log)
