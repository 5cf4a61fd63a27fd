"""What a simulated policy achieved: counted while it runs, told as figures."""

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

    lost: int = 0  #: refresh tokens that died of age
    wasted: int = 0  #: tokens granted while nothing was due
    lost_answers: int = 0  #: grants that died because an answer was lost: the next refresh was refused
    refused: int = 0  #: connections whose credentials or grant the vendor had revoked
    left: int = 0  #: people who left before it was their turn
    renewed: int = 0  #: mirrors, those that join not counted
    #: How old each mirror was when it was renewed, or when its grant died of age, or at the end if it was due then and
    #: older than the bound.
    ages: list[float] = field(default_factory=list)
    #: How old all mirrors were at each full hour.
    seen: list[float] = field(default_factory=list)
    #: How long whoever waited did, by purpose, in minutes; who still waits at the end, until then.
    waits: dict[Purpose, list[float]] = field(default_factory=dict)

    def aged(self, age: dt.timedelta) -> None:
        """A mirror's age ended."""
        self.ages.append(age / HOUR)

    def waited(self, purpose: Purpose, time: dt.timedelta) -> None:
        """Somebody was served, or left, or the days are over."""
        self.waits.setdefault(purpose, []).append(time / MINUTE)

    def told(self, world: Scenario, vendor: TokenServer) -> dict[str, Any]:
        """As JSON."""
        outcomes = vendor.count()
        people = [wait for purpose in PEOPLE for wait in self.waits.get(purpose, [])]
        return {
            "refresh_tokens_lost": self.lost,
            "staleness_hours": percentiles(self.seen),
            "tokens_wasted": self.wasted,
            "staleness_at_renewal_hours": percentiles(self.ages),
            "token_requests": sum(outcomes.values()),
            "tokens_granted": outcomes[Outcome.GRANTED],
            "refused_429": outcomes[Outcome.TOO_MANY],
            "failed_in_outages": outcomes[Outcome.DOWN],
            "grants_allowed": 24 * world.days * world.grants_an_hour,
            "mirrors_renewed": self.renewed,
            "people_waited_minutes": percentiles(people),
            "people_who_left": self.left,
            "lost_answers": self.lost_answers,
            "revoked": self.refused,
        }


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """Median, 95th percentile (nearest rank) and maximum; None where there is nothing."""
    ordered = sorted(values)

    def percentile(part: float) -> float | None:
        return round(ordered[math.ceil(part * len(ordered)) - 1], 2) if ordered else None

    return {"p50": percentile(0.5), "p95": percentile(0.95), "max": percentile(1)}
