"""How a connection stands, in words: state, scopes, token clock, next slot."""

import datetime as dt
from dataclasses import dataclass

from integrations.connections import ledger, permits, tokens, verify
from integrations.connections.environments import sharing_limits
from integrations.connections.models import Connection, Environment, State, Token, TokenDemand, TokenRequest
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
    requests: list[TokenRequest]


def of(connection: Connection) -> Health:
    """How one connection stands now."""
    environment = connection.installation.environment
    token = Token.objects.filter(connection=connection).first()
    slot = ledger.next_slot(environment, connection)
    at = clock.now()
    access = token.access_expires_at if token and token.is_fresh(at, tokens.SAFETY) else None
    return Health(
        sentence=sentence(connection),
        granted=sorted(connection.granted_scopes),
        missing=verify.missing_scopes(connection) if connection.state == State.ACTIVE else {},
        access_expires_at=access,
        refresh_expires_at=token.refresh_expires_at if token else None,
        next_slot=slot,
        slot_is_free=slot <= at,
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
class Budget:
    """An environment's budgets as they are used now."""

    environment: Environment
    calls_used: int
    slots_used: int
    next_slot: dt.datetime
    waiting: int
    slot_is_free: bool  #: for a newcomer, those that wait already considered


def budgets() -> list[Budget]:
    """The budgets of every environment."""
    return [_budget(environment) for environment in Environment.objects.all()]


def _budget(environment: Environment) -> Budget:
    slot = ledger.next_slot(environment)
    now = ledger.slots(environment)  # a moment later, so a slot that is free lies in its past
    waiting = TokenDemand.objects.filter(
        connection__installation__environment__in=sharing_limits(environment)
    )
    return Budget(
        environment=environment,
        calls_used=permits.used(environment),
        slots_used=len(now.frees),
        next_slot=slot,
        waiting=waiting.count(),
        slot_is_free=slot <= now.at,
    )
