"""The vendor as the simulation has it: token requests counted at each source address, in sliding windows of an hour."""

import datetime as dt
from collections import Counter, deque
from enum import Enum

from integrations.connections.limits.scheduler import HOUR
from integrations.simulation.scenario import GRANTS_AN_HOUR, Outage


class Outcome(Enum):
    """How a token request ended."""

    GRANTED = "granted"
    LOST = "lost"  #: the answer never arrived
    REFUSED = "refused"  #: invalid_client or invalid_grant
    TOO_MANY = "too many"  #: 429
    DOWN = "down"  #: 503
    NOT_SENT = "not sent"  #: its address is down


class TokenServer:
    """Answers token requests. ``forgiving``: a request that is refused with 429 does not count itself.

    The vendor does not say whether it does; that failed ones count is what it lets one assume.
    """

    def __init__(self, addresses: int, outages: tuple[Outage, ...], *, forgiving: bool = False) -> None:
        self._outages = outages
        self._forgiving = forgiving
        self._counted: list[deque[dt.datetime]] = [deque() for _ in range(addresses)]
        #: Every request that arrived: when, at which address, how it ended.
        self.log: list[tuple[dt.datetime, int, Outcome]] = []

    def is_reachable(self, address: int, at: dt.datetime) -> bool:
        """Whether anything can be sent by an address."""
        return not any(each.address == address and each.covers(at) for each in self._outages)

    def answer(self, address: int, at: dt.datetime, otherwise: Outcome) -> Outcome:
        """How a request that arrives now ends; ``otherwise`` is what comes of it where neither limit nor outage is met."""
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
        if len(window) >= GRANTS_AN_HOUR:
            return Outcome.TOO_MANY
        if any(each.address is None and each.covers(at) for each in self._outages):
            return Outcome.DOWN
        return otherwise

    def count(self) -> Counter[Outcome]:
        """How many requests ended how."""
        return Counter(outcome for _, _, outcome in self.log)
