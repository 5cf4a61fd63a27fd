"""The state of connections and budgets, in words and figures for the screens."""

import datetime as dt
from dataclasses import dataclass
from itertools import islice, takewhile

from integrations.connections import call_log
from integrations.connections.grants import scopes
from integrations.connections.grants.scopes import Scope
from integrations.connections.limits import backoff, budgets, forecast, permits, queue, scheduler
from integrations.connections.models import (
    Budget,
    Connection,
    ConnectionState,
    Environment,
    RequestState,
    Token,
    TokenRequest,
)
from portal.core import badges, clock

#: How far ahead planned token requests are shown, and the most of them.
HORIZON = dt.timedelta(hours=24)
MAX_PLANNED = 500
#: The share of a limit above which it is nearly reached.
NEARLY = 0.8


@dataclass(frozen=True)
class Health:
    """What a connection's page says about it."""

    sentence: str
    scopes: list[Scope]
    access_expires_at: dt.datetime | None
    refresh_expires_at: dt.datetime | None
    next_at: dt.datetime
    is_available_now: bool
    wait_reason: str
    lost_at: dt.datetime | None  #: when the token request was sent whose response was lost
    lost: str  #: what a lost response may have cost and what to do, or ""


def of(connection: Connection, *, for_operator: bool = False) -> Health:
    """Return the health of a connection. Only operators may see what concerns other customers."""
    token = Token.objects.filter(connection=connection).first()
    usage, planned = forecast.for_connection(connection)
    at = clock.now()
    lost = _lost_request(connection)
    return Health(
        sentence=backoff.describe(backoff.for_connection(connection, at)) or describe_state(connection),
        scopes=scopes.compare(connection) if connection.is_active or connection.scopes else [],
        access_expires_at=token.access_expires_at if token and token.is_fresh(at) else None,
        refresh_expires_at=token.refresh_expires_at if token else None,
        next_at=planned.at,
        is_available_now=planned.at <= usage.at,
        wait_reason=scheduler.explain_wait(planned, usage, counts=for_operator),
        lost_at=lost.at if lost else None,
        lost=_describe_loss(connection) if lost else "",
    )


def _lost_request(connection: Connection) -> TokenRequest | None:
    """Return the latest token request of an active connection if its response was lost."""
    sent = connection.token_requests.exclude(state__in=[RequestState.RELEASED, RequestState.RESERVED])
    latest = sent.first() if connection.is_active else None
    return latest if latest is not None and latest.state == RequestState.LOST else None


def _describe_loss(connection: Connection) -> str:
    if connection.sees_everything:
        return "Nothing else was lost. The next token is requested when work is due."
    return (
        "If Total Expert had already replaced the refresh token, the new one is lost too, and the next renewal will ask "
        "for a reconnect. Reconnect now if you don't want to wait."
    )


def must_wait(connection: Connection) -> bool:
    """Return whether a connection would have to wait for its next token."""
    usage, planned = forecast.for_connection(connection)
    return planned.at > usage.at


def shown_state(connection: Connection, *, waits: bool) -> str:
    """Return the state to show: an active connection may be waiting for a token."""
    is_waiting = connection.is_active and waits and connection.demands.exists()
    return "waiting_for_token" if is_waiting else str(connection.state)


def describe_state(connection: Connection) -> str:
    """Return a sentence about a connection's state."""
    if connection.is_active:
        return "OK" if connection.verified_at else "Access granted. The portal is verifying the connection."
    if connection.state == ConnectionState.PENDING:
        return "Not connected yet."
    return connection.reason


@dataclass(frozen=True)
class Mark:
    """A planned token request in the chart of the next 24 hours. ``x`` is in thousandths of its width."""

    x: int
    urgent: bool


@dataclass(frozen=True)
class Stretch:
    """Six of the next 24 hours: the table behind the chart."""

    label: str
    count: int
    urgent: int


@dataclass(frozen=True)
class BudgetUsage:
    """The current usage of one Total Expert host from one outbound IP address."""

    budget: Budget
    label: str
    environments: list[Environment]
    limits: budgets.Limits
    calls_used: int
    usage: scheduler.Usage
    waiting: int
    planned: tuple[scheduler.PlannedRequest, ...]  #: those of the waiting connections within `HORIZON`
    newcomer: scheduler.PlannedRequest  #: when a person who joins now would be served
    rate: float

    @property
    def marks(self) -> list[Mark]:
        """The chart of the next 24 hours."""
        return [
            Mark(round((planned.at - self.usage.at) / HORIZON * 1000), planned.rank < scheduler.Rank.WORK)
            for planned in self.planned
        ]

    @property
    def stretches(self) -> list[Stretch]:
        """The planned token requests of the next 24 hours, by six hours."""
        marks = self.marks
        return [
            Stretch(
                f"{6 * number}–{6 * number + 6} hours from now",
                count=sum(250 * number <= mark.x < 250 * number + 250 for mark in marks),
                urgent=sum(250 * number <= mark.x < 250 * number + 250 and mark.urgent for mark in marks),
            )
            for number in range(4)
        ]

    @property
    def calls_tone(self) -> badges.Tone:
        return _tone(self.calls_used, self.limits.calls_per_minute)

    @property
    def tokens_tone(self) -> badges.Tone:
        return _tone(self.tokens_used, self.limits.tokens_per_hour)

    @property
    def tokens_used(self) -> int:
        return len(self.usage.expirations)

    @property
    def is_available_now(self) -> bool:
        return self.newcomer.at <= self.usage.at

    @property
    def wait_reason(self) -> str:
        return scheduler.explain_wait(self.newcomer, self.usage, counts=True)


def _tone(used: int, limit: int | None) -> badges.Tone:
    """Return the color of a bar: whether a limit is far, near, or reached."""
    if limit is None or used < limit * NEARLY:
        return "ok"
    return "bad" if used >= limit else "warn"


def list_budgets() -> dict[Budget, list[Environment]]:
    """Return all budgets with their environments. Each host has at least the budget of this server's IP address."""
    environments: dict[str, list[Environment]] = {}
    for environment in Environment.objects.all():
        environments.setdefault(environment.host, []).append(environment)
    rows = Budget.objects.select_related("egress").order_by("host", "egress__created_at")
    found = list(rows.filter(host__in=environments))
    direct = {budget.host for budget in found if budget.egress.is_direct}
    if missing := [group[0] for host, group in environments.items() if host not in direct]:
        for first in missing:
            budgets.for_environment(first)
        return list_budgets()
    return {budget: environments[budget.host] for budget in found}


def label_budget(budget: Budget, environments: list[Environment]) -> str:
    """Return the name of a budget on screens."""
    names = ", ".join(environment.label for environment in environments)
    return names if budget.egress.is_direct else f"{names} through {budget.egress.label}"


def all_budgets() -> list[BudgetUsage]:
    """Return the current usage of all budgets."""
    return [budget_usage(budget, environments) for budget, environments in list_budgets().items()]


def budget_usage(budget: Budget, environments: list[Environment]) -> BudgetUsage:
    """Return the current usage of a budget. The cost hardly depends on how many connections wait."""
    limits = budgets.read_limits(budget)
    usage = forecast.load_usage(budget, limits)
    per_hour = limits.tokens_per_hour
    within_horizon = MAX_PLANNED if per_hour is None else per_hour * int(HORIZON / scheduler.HOUR) + 1
    count = min(within_horizon, MAX_PLANNED)
    waiting = queue.load_waiting(budget, usage, first=count)
    return BudgetUsage(
        budget=budget,
        label=label_budget(budget, environments),
        environments=environments,
        limits=limits,
        # Without a limit no slots are handed out, so the call log has the number.
        calls_used=call_log.count_last_minute(budget)
        if limits.calls_per_minute is None
        else permits.calls_last_minute(budget),
        usage=usage,
        waiting=queue.count_waiting(budget, usage),
        planned=tuple(
            takewhile(
                lambda planned: planned.at < usage.at + HORIZON,
                islice(scheduler.plan(usage, waiting), count),
            )
        ),
        newcomer=forecast.for_newcomer(budget, usage, waiting=waiting, count=count),
        rate=permits.current_rate(budget),
    )
