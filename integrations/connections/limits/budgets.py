"""Budgets: which row counts the calls and token requests of a connection, and what it allows.

Total Expert counts by source address, so environments behind one host share their budgets, and every egress has its
own. What is allowed is what the tightest of the environments behind the host says, less what other programs use.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, IntegerField, Min, OuterRef, Q, QuerySet, Subquery

from integrations.connections.models import Budget, Connection, Egress, Environment, KillSwitch
from portal.core import clock


@dataclass(frozen=True)
class Limits:
    """What may be sent from one source address. None: no limit."""

    calls_per_minute: int | None
    tokens_per_hour: int | None
    stopped: bool  #: by the stop-everything switch


def direct_egress() -> Egress:
    """This machine's own address."""
    row = Egress.objects.filter(name=Egress.DIRECT).first()
    if row is None:
        row, _ = Egress.objects.get_or_create(
            name=Egress.DIRECT, defaults={"label": "This machine's own address", "created_at": clock.now()}
        )
    return row


def for_environment(environment: Environment, egress: Egress | None = None) -> Budget:
    """The budget of calls that go to ``environment`` by ``egress`` (None: directly), made when there is none."""
    way = Q(egress=egress) if egress else Q(egress__name=Egress.DIRECT)
    found = Budget.objects.filter(way, host=environment.host).first()
    if found is None:
        found, _ = Budget.objects.get_or_create(host=environment.host, egress=egress or direct_egress())
    return found


def for_connection(connection: Connection) -> Budget:
    """The budget of a connection's calls and token requests."""
    return for_environment(connection.installation.environment, connection.egress)


def read_limits(budget: Budget) -> Limits:
    """What a budget allows now."""
    return _limits(with_limits(Budget.objects.all()).get(pk=budget.pk))


def lock(budget: Budget) -> tuple[Budget, Limits]:
    """Hold a budget until the transaction ends (SQLite: the whole database is held). As it is now, and what it allows."""
    row = with_limits(Budget.objects.select_for_update(of=("self",))).get(pk=budget.pk)
    return row, _limits(row)


def with_limits(rows: QuerySet[Budget]) -> "QuerySet[Any]":
    return rows.annotate(
        calls_allowed=_tightest_limit("calls_per_minute"),
        tokens_allowed=_tightest_limit("tokens_per_hour"),
        stopped=Exists(KillSwitch.objects.all()),
    )


def _tightest_limit(field: str) -> Subquery:
    behind = Environment.objects.filter(host=OuterRef("host"), **{f"{field}__gt": 0})
    tightest = behind.order_by().values("host").annotate(least=Min(F(field)))
    return Subquery(tightest.values("least"), output_field=IntegerField())


def _limits(row: Any) -> Limits:
    def less(allowed: int | None, others: int) -> int | None:
        return None if allowed is None else max(0, allowed - others)

    return Limits(
        calls_per_minute=less(row.calls_allowed, row.others_calls),
        tokens_per_hour=less(row.tokens_allowed, row.others_tokens),
        stopped=row.stopped,
    )


def connections_using(budget: Budget) -> QuerySet[Connection]:
    """The connections whose calls are counted here."""
    way = Q(egress=budget.egress_id)
    if budget.egress.is_direct:
        way |= Q(egress=None)
    return Connection.objects.filter(way, installation__environment__host=budget.host)
