"""Run both policies in the same scenario and collect their figures."""

from typing import Any

from integrations.simulation.engine import Simulation
from integrations.simulation.naive_policy import NaivePolicy
from integrations.simulation.portal_policy import PortalPolicy
from integrations.simulation.scenario import generate

#: The runs by name. Total Expert doesn't document whether a request that gets a 429 counts itself, so the naive policy, the
#: only one that ever gets one, runs with either assumption.
RUNS = ("ours", "naive", "naive_when_429_is_free")


def compare(*, organizations: int, addresses: int, days: int, seed: int) -> dict[str, Any]:
    """Return the figures of each of `RUNS`, and the bound in hours. They are reproducible for the same arguments."""
    scenario = generate(organizations, addresses, days, seed)
    return {
        "ours": Simulation(scenario, PortalPolicy).run(),
        "naive": Simulation(scenario, NaivePolicy).run(),
        "naive_when_429_is_free": Simulation(scenario, NaivePolicy, forgiving=True).run(),
        "bound_hours": round(scenario.bound_hours, 2),
        "connections_with_work": round(scenario.with_work, 1),
        "organizations": organizations,
        "egress": addresses,
        "days": days,
        "seed": seed,
    }
