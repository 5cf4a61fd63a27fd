"""How a connection stands, in words: state, scopes, token clock, next slot."""

import datetime as dt
from dataclasses import dataclass

from integrations.connections import budgets, demands, ledger, permits, tokens, turns, verify
from integrations.connections.models import Budget, Connection, Environment, State, Token, TokenRequest
from portal import clock


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
    requests: list[TokenRequest]


def of(connection: Connection) -> Health:
    """How one connection stands now."""
    token = Token.objects.filter(connection=connection).first()
    hour, turn = ledger.look(connection)
    at = clock.now()
    access = token.access_expires_at if token and token.is_fresh(at, tokens.SAFETY) else None
    return Health(
        sentence=sentence(connection),
        granted=sorted(connection.granted_scopes),
        missing=verify.missing_scopes(connection) if connection.state == State.ACTIVE else {},
        access_expires_at=access,
        refresh_expires_at=token.refresh_expires_at if token else None,
        next_slot=turn.at,
        slot_is_free=turn.at <= hour.at,
        because=turns.because(turn, hour),
        requests=list(connection.token_requests.all()[:10]),
    )


def sentence(connection: Connection) -> str:
    """One sentence about a connection's state."""
    if connection.state == State.ACTIVE:
        return "Works." if connection.verified_at else "Granted; being verified."
    if connection.state == State.PENDING:
        return "Not connected yet."
    return connection.reason


@dataclass(frozen=True)
class BudgetNow:
    """One source address at one of Total Expert's hosts, as it is used now."""

    budget: Budget
    environments: list[Environment]
    limits: budgets.Limits
    calls_used: int
    hour: turns.Hour
    waiting: int
    turn: turns.Turn  #: of a newcomer, those that wait already considered
    share: float

    @property
    def label(self) -> str:
        """What it is called on screens."""
        worlds = ", ".join(environment.label for environment in self.environments)
        return worlds if self.budget.egress.is_direct else f"{worlds} by {self.budget.egress.label}"

    @property
    def slots_used(self) -> int:
        return len(self.hour.frees)

    @property
    def slot_is_free(self) -> bool:
        return self.turn.at <= self.hour.at

    @property
    def because(self) -> str:
        return turns.because(self.turn, self.hour)


def all_budgets() -> list[BudgetNow]:
    """Every budget as it is now; each environment has at least that of this machine's own address."""
    for environment in Environment.objects.all():
        budgets.at(environment)
    rows = Budget.objects.select_related("egress").order_by("host", "egress__created_at")
    return [now for row in rows if (now := budget_now(row)).environments]


def budget_now(budget: Budget) -> BudgetNow:
    """One budget as it is now."""
    limits = budgets.limits(budget)
    hour = ledger.hour(budget, limits)
    queue = demands.waiting(budget, hour.at)
    return BudgetNow(
        budget=budget,
        environments=list(Environment.objects.filter(host=budget.host)),
        limits=limits,
        calls_used=permits.used(budget),
        hour=hour,
        waiting=len(queue),
        turn=ledger.newcomer_in(hour, queue),
        share=permits.share(budget),
    )
