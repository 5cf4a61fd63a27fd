"""Capacity: what a number of connections costs in token requests, and how many source addresses that takes.

One address is granted ``tokens_per_hour`` tokens an hour, whoever they are for. A token lets one connection read all
that changed, so with n connections behind it each is read anew every n ÷ tokens_per_hour hours: the bound. A refresh
token that is not used dies, so however old mirrors may become, each consent costs one grant in nine days.
"""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from integrations.connections import environments
from integrations.connections.limits import budgets
from integrations.connections.limits.scheduler import RENEW_AFTER
from integrations.connections.models import Budget, ConnectionState, Egress, Environment, GrantType
from portal.accounts.models import User
from portal.core import clock
from portal.organizations.models import Invitation, Organization
from portal.organizations.roles import Capability, Role, allows

#: How old a mirror may be at most before an address counts as overcommitted.
MAX_DATA_AGE = dt.timedelta(hours=24)
#: Part of the grants that is left to people who consent, to fresh leads and to privacy deadlines.
INTERACTIVE_SHARE = 0.2
#: What is said to those whom the numbers of other customers do not concern.
SHARED_TOKENS_WARNING = (
    "Total Expert gives out few tokens, and many connections share them already: what this person sees may show here a day "
    "or more later. Ask your operator before you invite many."
)
#: Connections in these states cost tokens.
STATES_WITH_COST = (ConnectionState.ACTIVE, ConnectionState.PAUSED, ConnectionState.NEEDS_RECONNECT)


@dataclass(frozen=True)
class Load:
    """How busy ``addresses`` source addresses are with so many connections. ``tokens_per_hour`` is that of all together."""

    connections: int
    consents: int  #: of these, by people: they have refresh tokens
    tokens_per_hour: int
    addresses: int = 1

    @property
    def grants_per_day(self) -> int:
        """Token requests that are allowed in a day."""
        return 24 * self.tokens_per_hour

    @property
    def bound_hours(self) -> float:
        """How old a mirror becomes at most, in hours, when all have work. Infinite when nothing is allowed."""
        for_work = self.tokens_per_hour * (1 - INTERACTIVE_SHARE)
        return self.connections / for_work if for_work else math.inf

    @property
    def keep_alive_share(self) -> float:
        """The part of all grants that it takes only to keep consents alive."""
        days = RENEW_AFTER / dt.timedelta(days=1)
        return self.consents / days / self.grants_per_day if self.grants_per_day else math.inf

    @property
    def bound(self) -> str:
        """The bound in words."""
        return format_hours(self.bound_hours)

    @property
    def keep_alive_percent(self) -> int:
        """`keep_alive_share` in percent; more than all there are count as 999."""
        return min(999, math.ceil(self.keep_alive_share * 100)) if self.grants_per_day else 999

    @property
    def loses_consents(self) -> bool:
        """Whether there are too few grants even to keep consents alive."""
        return self.keep_alive_share > 1 - INTERACTIVE_SHARE

    @property
    def is_overcommitted(self) -> bool:
        """Whether mirrors grow older than they should."""
        return dt.timedelta(hours=min(self.bound_hours, 10**6)) > MAX_DATA_AGE

    def with_more(self, *, consents: int = 0, admins: int = 0) -> "Load":
        """After so many more were connected."""
        return Load(
            self.connections + consents + admins,
            self.consents + consents,
            self.tokens_per_hour,
            self.addresses,
        )

    def __add__(self, other: "Load") -> "Load":
        """Both together."""
        return Load(
            self.connections + other.connections,
            self.consents + other.consents,
            self.tokens_per_hour + other.tokens_per_hour,
            self.addresses + other.addresses,
        )


def addresses_needed(
    connections: int, *, consents: int, tokens_per_hour: int, fresh_within: dt.timedelta
) -> int:
    """How many source addresses keep so many connections as fresh as that, and those that are consents alive."""
    of_one = tokens_per_hour * (1 - INTERACTIVE_SHARE)
    for_mirrors = connections / (of_one * (fresh_within / dt.timedelta(hours=1)))
    for_consents = consents / (of_one * (RENEW_AFTER / dt.timedelta(hours=1)))
    return max(1, math.ceil(max(for_mirrors, for_consents) - 1e-9))


def estimate(
    *, organizations: int, officers: int, admins: bool, hours: int, tokens_per_hour: int
) -> dict[str, Any]:
    """What so many organizations take: connections, addresses, and what fewer addresses would mean."""
    consents = organizations * officers
    connections = consents + (organizations if admins else 0)
    needed = addresses_needed(
        connections,
        consents=consents,
        tokens_per_hour=tokens_per_hour,
        fresh_within=dt.timedelta(hours=hours),
    )
    numbers = sorted({1, 2, 4, 8, max(1, needed // 2), needed})
    return {
        "connections": connections,
        "consents": consents,
        "addresses": needed,
        "hours": hours,
        "alive_days": RENEW_AFTER.days if consents and dt.timedelta(hours=hours) > RENEW_AFTER else None,
        "loads": [Load(connections, consents, tokens_per_hour * number, number) for number in numbers],
    }


def get_load(budget: Budget) -> Load | None:
    """How busy one budget is. None where token requests are not limited."""
    limits = budgets.read_limits(budget)
    if limits.tokens_per_hour is None:
        return None
    # whose credentials are being verified will cost tokens in a moment
    costly = Q(state__in=STATES_WITH_COST) | Q(state=ConnectionState.PENDING, candidate__isnull=False)
    behind = budgets.connections_using(budget).filter(costly)
    return Load(
        connections=behind.count(),
        consents=behind.filter(grant=GrantType.AUTHORIZATION_CODE).count(),
        tokens_per_hour=limits.tokens_per_hour,
    )


def get_environment_load(environment: Environment) -> Load | None:
    """How busy all source addresses are together that lead there; new connections go to the one with the fewest."""
    total = get_load(budgets.for_environment(environment))
    for way in Egress.objects.exclude(name=Egress.DIRECT):
        more = get_load(budgets.for_environment(environment, way))
        total = total + more if total is not None and more is not None else None
    return total


def overload_warning(environment: Environment | None, *, consents: int = 0, admins: int = 0) -> str:
    """What it means to connect so many more there; "" while mirrors stay as fresh as they should."""
    if environment is None:
        return ""
    now = get_environment_load(environment)
    if now is None:
        return ""
    then = now.with_more(consents=consents, admins=admins)
    if not then.is_overcommitted:
        return ""
    where = "one source address" if then.addresses == 1 else f"{then.addresses} source addresses"
    return (
        f"With this, {then.connections:,} connections share {then.tokens_per_hour} token requests an hour at {where}: "
        f"each mirror would become up to {format_hours(then.bound_hours)} old, and should not become older than "
        f"{format_hours(MAX_DATA_AGE / dt.timedelta(hours=1))}. More addresses help; Settings, Capacity says how many."
    )


def format_hours(number: float) -> str:
    """Hours as a person says them."""
    if math.isinf(number):
        return "any number of hours"
    if number >= 72:
        return f"{number / 24:,.0f} days"
    return f"{number:,.0f} hours" if number >= 2 else f"{max(1, number * 60):,.0f} minutes"


def invitation_warning(organization: Organization, role: Role, actor: User) -> str:
    """What one more person who consents would mean, those who are invited already counted in. Numbers for operators only."""
    if not allows(role, Capability.CONSENT):
        return ""
    open_ones = Invitation.objects.filter(
        accepted_at=None, withdrawn_at=None, expires_at__gt=clock.now(), role=Role.OFFICER
    )
    said = overload_warning(environments.consent_environment(organization), consents=open_ones.count() + 1)
    return said if actor.is_operator or not said else SHARED_TOKENS_WARNING
