"""Capacity: how many token requests a number of connections needs, and how many outbound IP addresses that takes.

Each IP address is granted ``tokens_per_hour`` tokens per hour for all its connections together. One token lets one
connection read everything that changed. So n connections are each read every n / tokens_per_hour hours. In addition, each
connection that a person authorized needs a renewal every nine days, however old its data may become.
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

#: If data becomes older than this, an IP address is overcommitted.
MAX_DATA_AGE = dt.timedelta(hours=24)
#: The share of token requests that is left for user authorizations, new leads, and privacy requests.
INTERACTIVE_SHARE = 0.2
#: The warning for people who may not see other customers' numbers.
SHARED_TOKENS_WARNING = (
    "Total Expert limits how often the portal can read contacts, and many connections share that limit. This person's "
    "contacts may be a day old or older. Ask your operator before you invite many people."
)
#: Connections in these states need token requests.
STATES_WITH_COST = (ConnectionState.ACTIVE, ConnectionState.PAUSED, ConnectionState.NEEDS_RECONNECT)


@dataclass(frozen=True)
class Load:
    """The load of connections on IP addresses. ``tokens_per_hour`` is the total of all ``addresses``."""

    connections: int
    authorizations: int  #: how many of the connections people authorized, so that they have refresh tokens
    tokens_per_hour: int
    addresses: int = 1

    @property
    def requests_per_day(self) -> int:
        """The token requests allowed per day."""
        return 24 * self.tokens_per_hour

    @property
    def data_age_hours(self) -> float:
        """How old data can become if all connections have work, in hours. Infinite if no requests are allowed."""
        for_work = self.tokens_per_hour * (1 - INTERACTIVE_SHARE)
        return self.connections / for_work if for_work else math.inf

    @property
    def data_age(self) -> str:
        """`data_age_hours` in words."""
        return format_hours(self.data_age_hours)

    @property
    def renewal_share(self) -> float:
        """The share of all token requests needed to renew access."""
        days = RENEW_AFTER / dt.timedelta(days=1)
        return self.authorizations / days / self.requests_per_day if self.requests_per_day else math.inf

    @property
    def renewal_percent(self) -> int:
        """`renewal_share` in percent, at most 999."""
        return min(999, math.ceil(self.renewal_share * 100)) if self.requests_per_day else 999

    @property
    def loses_access(self) -> bool:
        """Whether there are too few token requests to renew all access in time."""
        return self.renewal_share > 1 - INTERACTIVE_SHARE

    @property
    def is_overcommitted(self) -> bool:
        """Whether data becomes older than `MAX_DATA_AGE`."""
        return dt.timedelta(hours=min(self.data_age_hours, 10**6)) > MAX_DATA_AGE

    def with_more(self, *, authorizations: int = 0, admins: int = 0) -> "Load":
        """Return the load after adding connections."""
        return Load(
            self.connections + authorizations + admins,
            self.authorizations + authorizations,
            self.tokens_per_hour,
            self.addresses,
        )

    def __add__(self, other: "Load") -> "Load":
        """Return the load of both together."""
        return Load(
            self.connections + other.connections,
            self.authorizations + other.authorizations,
            self.tokens_per_hour + other.tokens_per_hour,
            self.addresses + other.addresses,
        )


def addresses_needed(
    connections: int, *, authorizations: int, tokens_per_hour: int, max_age: dt.timedelta
) -> int:
    """Return how many IP addresses keep data newer than ``max_age`` and renew all access in time.

    ``tokens_per_hour`` is per address.
    """
    per_address = tokens_per_hour * (1 - INTERACTIVE_SHARE)
    for_data = connections / (per_address * (max_age / dt.timedelta(hours=1)))
    for_renewals = authorizations / (per_address * (RENEW_AFTER / dt.timedelta(hours=1)))
    return max(1, math.ceil(max(for_data, for_renewals) - 1e-9))


def estimate(
    *, organizations: int, officers: int, admins: bool, hours: int, tokens_per_hour: int
) -> dict[str, Any]:
    """Return what a number of organizations needs: connections, IP addresses, and the effect of fewer addresses.

    ``officers`` is per organization, ``hours`` is the maximum data age, and ``tokens_per_hour`` is per address.
    """
    authorizations = organizations * officers
    connections = authorizations + (organizations if admins else 0)
    max_age = dt.timedelta(hours=hours)
    needed = addresses_needed(
        connections, authorizations=authorizations, tokens_per_hour=tokens_per_hour, max_age=max_age
    )
    numbers = sorted({1, 2, 4, 8, max(1, needed // 2), needed})
    return {
        "connections": connections,
        "authorizations": authorizations,
        "addresses": needed,
        "hours": hours,
        "renewal_days": RENEW_AFTER.days if authorizations and max_age > RENEW_AFTER else None,
        "loads": [Load(connections, authorizations, tokens_per_hour * number, number) for number in numbers],
    }


def get_load(budget: Budget) -> Load | None:
    """Return the load of a budget. Return None if its token requests are not limited."""
    limits = budgets.read_limits(budget)
    if limits.tokens_per_hour is None:
        return None
    # Credentials that are being verified will need tokens in a moment.
    with_cost = Q(state__in=STATES_WITH_COST) | Q(state=ConnectionState.PENDING, candidate__isnull=False)
    connections = budgets.connections_using(budget).filter(with_cost)
    return Load(
        connections=connections.count(),
        authorizations=connections.filter(grant=GrantType.AUTHORIZATION_CODE).count(),
        tokens_per_hour=limits.tokens_per_hour,
    )


def get_environment_load(environment: Environment) -> Load | None:
    """Return the load of all IP addresses together for an environment. New connections use the least busy one."""
    total = get_load(budgets.for_environment(environment))
    for egress in Egress.objects.exclude(name=Egress.DIRECT):
        more = get_load(budgets.for_environment(environment, egress))
        total = total + more if total is not None and more is not None else None
    return total


def overload_warning(environment: Environment | None, *, authorizations: int = 0, admins: int = 0) -> str:
    """Return a warning if more connections would make data too old. Return "" if they wouldn't."""
    now = get_environment_load(environment) if environment is not None else None
    if now is None:
        return ""
    then = now.with_more(authorizations=authorizations, admins=admins)
    if not then.is_overcommitted:
        return ""
    addresses = (
        "one outbound IP address" if then.addresses == 1 else f"{then.addresses} outbound IP addresses"
    )
    return (
        f"With this, {then.connections:,} connections share {then.tokens_per_hour} token requests per hour on {addresses}. "
        f"Contacts could become {then.data_age} old. The recommended maximum is "
        f"{format_hours(MAX_DATA_AGE / dt.timedelta(hours=1))}. More addresses help: see Settings, Capacity."
    )


def format_hours(number: float) -> str:
    """Return a number of hours in words."""
    if math.isinf(number):
        return "any number of hours"
    if number >= 72:
        return f"{number / 24:,.0f} days"
    return f"{number:,.0f} hours" if number >= 2 else f"{max(1, number * 60):,.0f} minutes"


def invitation_warning(organization: Organization, role: Role, actor: User) -> str:
    """Return a warning if one more person who gives access, besides those already invited, makes data too old.

    Only operators see numbers.
    """
    if not allows(role, Capability.CONSENT):
        return ""
    pending = Invitation.objects.filter(
        accepted_at=None, withdrawn_at=None, expires_at__gt=clock.now(), role=Role.OFFICER
    )
    environment = environments.consent_environment(organization)
    warning = overload_warning(environment, authorizations=pending.count() + 1)
    return warning if actor.is_operator or not warning else SHARED_TOKENS_WARNING
