"""The figures of a simulated policy, counted during the run."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.connections.models import Purpose
from integrations.simulation.scenario import Scenario
from integrations.simulation.token_server import Outcome, TokenServer

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
PEOPLE = (Purpose.CONSENT, Purpose.PERSON)


@dataclass
class Metrics:
    """Counts of one run. Ages are in hours."""

    expired: int = 0  #: refresh tokens that expired unused
    wasted: int = 0  #: tokens granted while nothing was due
    lost_responses: int = 0  #: grants that ended because a response was lost and the next refresh was refused
    revoked: int = 0  #: connections whose credentials or grant Total Expert revoked
    left: int = 0  #: people who left before their turn
    renewed: int = 0  #: syncs, without the first one of new connections
    #: The age of each connection's data when it was synced, when its grant expired, or at the end if it was due then and
    #: older than the bound.
    ages: list[float] = field(default_factory=list)
    #: The ages of all connections' data at each full hour.
    hourly_ages: list[float] = field(default_factory=list)
    #: How long people waited, by purpose, in minutes. Those still waiting count until the end.
    waits: dict[Purpose, list[float]] = field(default_factory=dict)

    def add_age(self, age: dt.timedelta) -> None:
        """Count the age that data reached."""
        self.ages.append(age / HOUR)

    def add_wait(self, purpose: Purpose, time: dt.timedelta) -> None:
        """Count a wait that ended."""
        self.waits.setdefault(purpose, []).append(time / MINUTE)

    def summarize(self, scenario: Scenario, server: TokenServer) -> dict[str, Any]:
        """Return the figures as JSON."""
        outcomes = server.count()
        people = [wait for purpose in PEOPLE for wait in self.waits.get(purpose, [])]
        return {
            "refresh_tokens_lost": self.expired,
            "staleness_hours": percentiles(self.hourly_ages),
            "tokens_wasted": self.wasted,
            "staleness_at_renewal_hours": percentiles(self.ages),
            "token_requests": sum(outcomes.values()),
            "tokens_granted": outcomes[Outcome.GRANTED],
            "refused_429": outcomes[Outcome.TOO_MANY],
            "failed_in_outages": outcomes[Outcome.DOWN],
            "grants_allowed": 24 * scenario.days * scenario.tokens_per_hour,
            "mirrors_renewed": self.renewed,
            "people_waited_minutes": percentiles(people),
            "people_who_left": self.left,
            "lost_answers": self.lost_responses,
            "revoked": self.revoked,
        }


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """Return the median, the 95th percentile (nearest rank), and the maximum. They are None if there are no values."""
    ordered = sorted(values)

    def percentile(part: float) -> float | None:
        return round(ordered[math.ceil(part * len(ordered)) - 1], 2) if ordered else None

    return {"p50": percentile(0.5), "p95": percentile(0.95), "max": percentile(1)}
