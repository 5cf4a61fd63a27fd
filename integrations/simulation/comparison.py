"""Both policies in the same world, and their figures beside each other."""

from typing import Any

from integrations.simulation.engine import Simulation
from integrations.simulation.naive_policy import NaivePolicy
from integrations.simulation.portal_policy import PortalPolicy
from integrations.simulation.scenario import generate

#: The runs by name. Whether a request that got a 429 counts itself, the vendor does not say; only the naive policy
#: ever gets one, so it is shown either way.
RUNS = ("ours", "naive", "naive_when_429_is_free")


def compare(*, organizations: int, addresses: int, days: int, seed: int) -> dict[str, Any]:
    """The figures of each of `RUNS`, and the bound, in hours. The same for the same arguments, in every process."""
    world = generate(organizations, addresses, days, seed)
    return {
        "ours": Simulation(world, PortalPolicy).go(),
        "naive": Simulation(world, NaivePolicy).go(),
        "naive_when_429_is_free": Simulation(world, NaivePolicy, forgiving=True).go(),
        "bound_hours": round(world.bound_hours, 2),
        "connections_with_work": round(world.with_work, 1),
        "organizations": organizations,
        "egress": addresses,
        "days": days,
        "seed": seed,
    }
