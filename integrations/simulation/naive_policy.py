"""What tools do that have no scheduler: who has work and gets a 401 asks for a token at once, whoever else does.

First come, first served; nothing is counted beforehand; a 429, an outage or a lost answer is tried again after a while
that doubles; nobody renews a grant for which there is no work. To its favour one process serves each connection, so
that no two refresh it at once, and what was refused for good is left alone until a person has mended it.
"""

import datetime as dt

from integrations.connections.models import Purpose
from integrations.simulation.engine import SimulatedConnection, Simulation
from integrations.simulation.token_server import Outcome

FIRST_WAIT, MAX_WAIT = dt.timedelta(minutes=1), dt.timedelta(hours=1)


class NaivePolicy:
    """Refresh on 401."""

    def __init__(self, run: Simulation) -> None:
        self._run = run
        #: How often those that are at it have tried.
        self._tries: dict[str, int] = {}

    def wanted(self, link: SimulatedConnection, at: dt.datetime) -> None:
        """Who is not at it yet asks at once."""
        if link.who not in self._tries:
            self._tries[link.who] = 0
            self._run.send(link, at)

    def left(self, link: SimulatedConnection, purpose: Purpose, at: dt.datetime) -> None:
        """Nobody tells the job that the person has started."""
        link.wants[purpose].left = True

    def granted(self, link: SimulatedConnection, at: dt.datetime) -> None:
        """Nothing looks after a grant."""

    def ended(self, link: SimulatedConnection, outcome: Outcome, at: dt.datetime) -> None:
        """What failed for a time is tried again."""
        if outcome in (Outcome.GRANTED, Outcome.REFUSED):
            del self._tries[link.who]
            return
        tries = self._tries[link.who]
        self._tries[link.who] = tries + 1
        wait = min(FIRST_WAIT * 2 ** min(tries, 16), MAX_WAIT)
        self._run.at(at + wait * link.chance.uniform(0.5, 1), self._try, link)

    def _try(self, link: SimulatedConnection, at: dt.datetime) -> None:
        if link.wants:
            self._run.send(link, at)
        else:
            del self._tries[link.who]
