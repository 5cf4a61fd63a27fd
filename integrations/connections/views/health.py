"""How a connection stands, in words: state, scopes, token clock, next slot."""

import datetime as dt
from dataclasses import dataclass
from itertools import takewhile

from integrations.connections import call_log
from integrations.connections.grants import verification
from integrations.connections.limits import backoff, budgets, ledger, permits, scheduler
from integrations.connections.limits import queue as demands
from integrations.connections.models import (
    Budget,
    Connection,
    ConnectionState,
    Environment,
    RequestState,
    Token,
    TokenRequest,
)
from integrations.connections.tokens import access as tokens
from portal.core import clock, times


@dataclass(frozen=True)
class Health:
    """What the Connection screen says."""

    sentence: str
    granted: list[str]
    missing: dict[str, str]
    access_expires_at: dt.datetime | None
    refresh_expires_at: dt.datetime | None
    next_slot: dt.datetime
    slot_is_free: bool
    because: str
    shown_state: str
    lost: str  #: what a lost answer may have cost, and what to do; "" when none was lost lately
    requests: list[TokenRequest]


def of(connection: Connection, *, for_operator: bool = False) -> Health:
    """How one connection stands now. ``for_operator``: with what concerns other customers."""
    token = Token.objects.filter(connection=connection).first()
    hour, turn = ledger.preview(connection)
    at = clock.now()
    access = token.access_expires_at if token and token.is_fresh(at, tokens.EXPIRY_MARGIN) else None
    return Health(
        sentence=backoff.describe(backoff.for_connection(connection, at)) or sentence(connection),
        granted=sorted(connection.granted_scopes),
        missing=verification.missing_scopes(connection) if connection.state == ConnectionState.ACTIVE else {},
        access_expires_at=access,
        refresh_expires_at=token.refresh_expires_at if token else None,
        next_slot=turn.at,
        slot_is_free=turn.at <= hour.at,
        because=scheduler.explain_wait(turn, hour, counts=for_operator),
        shown_state=shown_state(connection, waits=turn.at > hour.at),
        lost=_lost(connection),
        requests=list(connection.token_requests.all()[:10]),
    )


def _lost(connection: Connection) -> str:
    """What is to be said when the answer to the latest token request never came."""
    latest = connection.token_requests.exclude(
        state__in=[RequestState.RELEASED, RequestState.RESERVED]
    ).first()
    if latest is None or latest.state != RequestState.LOST or connection.state != ConnectionState.ACTIVE:
        return ""
    if connection.sees_everything:
        return (
            f"The answer to the token request of {times.exact(latest.at)} was lost. Nothing else is: the next token is "
            "asked for when work is due."
        )
    return (
        f"The answer to the renewal of {times.exact(latest.at)} was lost. If Total Expert had renewed the grant already, "
        "the new refresh token is lost with it, and its owner must consent again: the next renewal shows it. Whoever does "
        "not want to wait for that reconnects now."
    )


def shown_state(connection: Connection, *, waits: bool) -> str:
    """The state as people are told: one that works may wait for a token meanwhile."""
    waiting = connection.state == ConnectionState.ACTIVE and waits and connection.demands.exists()
    return "waiting_for_token" if waiting else str(connection.state)


def sentence(connection: Connection) -> str:
    """One sentence about a connection's state."""
    if connection.state == ConnectionState.ACTIVE:
        return "Works." if connection.verified_at else "Granted; being verified."
    if connection.state == ConnectionState.PENDING:
        return "Not connected yet."
    return connection.reason


#: How far ahead planned token requests are shown.
AHEAD = dt.timedelta(hours=24)


@dataclass(frozen=True)
class Mark:
    """A planned token request on the picture of the next 24 hours: where, in thousandths, and for whom."""

    x: int
    urgent: bool


@dataclass(frozen=True)
class BudgetNow:
    """One source address at one of Total Expert's hosts, as it is used now."""

    budget: Budget
    environments: list[Environment]
    limits: budgets.Limits
    calls_used: int
    hour: scheduler.Usage
    waiting: int
    planned: tuple[scheduler.PlannedRequest, ...]  #: of those that wait, as far as `AHEAD`
    turn: scheduler.PlannedRequest  #: of a newcomer, those that wait already considered
    share: float

    @property
    def label(self) -> str:
        """What it is called on screens."""
        worlds = ", ".join(environment.label for environment in self.environments)
        return worlds if self.budget.egress.is_direct else f"{worlds} by {self.budget.egress.label}"

    @property
    def marks(self) -> list[Mark]:
        """The picture of the next 24 hours."""
        return [
            Mark(round((turn.at - self.hour.at) / AHEAD * 1000), turn.rank < scheduler.Rank.WORK)
            for turn in self.planned
        ]

    @property
    def slots_used(self) -> int:
        return len(self.hour.frees)

    @property
    def slot_is_free(self) -> bool:
        return self.turn.at <= self.hour.at

    @property
    def because(self) -> str:
        return scheduler.explain_wait(self.turn, self.hour, counts=True)


def all_budgets() -> list[BudgetNow]:
    """Every budget as it is now; each environment has at least that of this machine's own address."""
    for environment in Environment.objects.all():
        budgets.for_environment(environment)
    rows = Budget.objects.select_related("egress").order_by("host", "egress__created_at")
    return [now for row in rows if (now := budget_now(row)).environments]


def budget_now(budget: Budget) -> BudgetNow:
    """One budget as it is now."""
    limits = budgets.read_limits(budget)
    hour = ledger.load_usage(budget, limits)
    queue = demands.load_waiting(budget, hour.at)
    return BudgetNow(
        budget=budget,
        environments=list(Environment.objects.filter(host=budget.host)),
        limits=limits,
        # without a limit no places are given out, so nothing is counted there
        calls_used=call_log.count_last_minute(budget)
        if limits.calls_per_minute is None
        else permits.calls_last_minute(budget),
        hour=hour,
        waiting=len(queue),
        planned=tuple(takewhile(lambda turn: turn.at < hour.at + AHEAD, scheduler.plan(hour, queue))),
        turn=ledger.preview_newcomer(hour, queue),
        share=permits.current_rate(budget),
    )
