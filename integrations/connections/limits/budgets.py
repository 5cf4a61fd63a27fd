"""Budgets: the row that counts a connection's calls and token requests, and the limits that apply to it.

Total Expert counts by IP address. So environments on the same host share a budget, and each outbound IP address has
its own. The lowest limit of the environments on a host applies, minus what other programs use.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, IntegerField, Min, OuterRef, Q, QuerySet, Subquery

from integrations.connections.models import Budget, Connection, Egress, Environment, KillSwitch
from portal.core import clock


@dataclass(frozen=True)
class Limits:
    """What may be sent from one IP address. None means no limit."""

    calls_per_minute: int | None
    tokens_per_hour: int | None
    is_stopped: bool  #: whether the kill switch is active


def direct_egress() -> Egress:
    """Return this server's own IP address. Create the row if needed."""
    row = Egress.objects.filter(name=Egress.DIRECT).first()
    if row is None:
        row, _ = Egress.objects.get_or_create(
            name=Egress.DIRECT, defaults={"label": "This server's IP address", "created_at": clock.now()}
        )
    return row


def for_environment(environment: Environment, egress: Egress | None = None) -> Budget:
    """Return the budget of calls to ``environment`` through ``egress`` (None: directly). Create it if needed."""
    route = Q(egress=egress) if egress else Q(egress__name=Egress.DIRECT)
    found = Budget.objects.filter(route, host=environment.host).first()
    if found is None:
        found, _ = Budget.objects.get_or_create(host=environment.host, egress=egress or direct_egress())
    return found


def for_connection(connection: Connection) -> Budget:
    """Return the budget of a connection's calls and token requests."""
    return for_environment(connection.installation.environment, connection.egress)


def read_limits(budget: Budget) -> Limits:
    """Return the limits of a budget as they are now."""
    return _limits(with_limits(Budget.objects.all()).get(pk=budget.pk))


def lock(budget: Budget) -> tuple[Budget, Limits]:
    """Lock a budget until the transaction ends (on SQLite: the whole database). Return its current row and limits."""
    row = with_limits(Budget.objects.select_for_update(of=("self",))).get(pk=budget.pk)
    return row, _limits(row)


def with_limits(rows: QuerySet[Budget]) -> "QuerySet[Any]":
    """Annotate budgets with ``calls_allowed`` and ``tokens_allowed`` (None: no limit) and ``is_stopped``."""
    return rows.annotate(
        calls_allowed=_tightest_limit("calls_per_minute"),
        tokens_allowed=_tightest_limit("tokens_per_hour"),
        is_stopped=Exists(KillSwitch.objects.all()),
    )


def _tightest_limit(field: str) -> Subquery:
    """Return the lowest limit of the environments on a budget's host. 0 means that an environment has no limit."""
    limited = Environment.objects.filter(host=OuterRef("host"), **{f"{field}__gt": 0})
    tightest = limited.order_by().values("host").annotate(lowest=Min(F(field)))
    return Subquery(tightest.values("lowest"), output_field=IntegerField())


def _limits(row: Any) -> Limits:
    return Limits(
        calls_per_minute=_minus(row.calls_allowed, row.others_calls),
        tokens_per_hour=_minus(row.tokens_allowed, row.others_tokens),
        is_stopped=row.is_stopped,
    )


def _minus(allowed: int | None, others: int) -> int | None:
    return None if allowed is None else max(0, allowed - others)


def connections_using(budget: Budget) -> QuerySet[Connection]:
    """Return the connections whose calls count against a budget."""
    return Connection.objects.filter(uses(budget))


def uses(budget: Budget, prefix: str = "") -> Q:
    """Return the condition for connections whose calls count against a budget. ``prefix`` is the lookup that leads there."""
    route = Q(**{f"{prefix}egress": budget.egress_id})
    if budget.egress.is_direct:
        route |= Q(**{f"{prefix}egress": None})
    environments = list(Environment.objects.filter(host=budget.host).values_list("pk", flat=True))
    return route & Q(**{f"{prefix}installation__environment__in": environments})
