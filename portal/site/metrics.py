"""Metrics for Prometheus, read from the database at each scrape, so all processes report the same.

No label names a customer or a person.
"""

from collections.abc import Iterator

from django.db.models import Count, Min
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from integrations.connections.limits import kill_switch
from integrations.connections.models import Connection, ConnectionState, NoticeMail
from integrations.connections.views import health
from integrations.directory.models import SyncState
from integrations.jobs.models import IS_ACTIVE, Job, JobState
from portal.core import clock

__all__ = ["CONTENT_TYPE", "text"]


def text() -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Portal())
    return generate_latest(registry)


class _Portal(Collector):
    """Reads the database at each scrape."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from _connections()
        yield from _jobs()
        yield from _budgets()
        yield _one("portal_mails_waiting", "Connection alerts not mailed yet", _unsent())
        yield _one(
            "portal_stopped",
            "1 while an operator has stopped all calls",
            int(kill_switch.get_active() is not None),
        )


def _one(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=value)


def _unsent() -> int:
    return NoticeMail.objects.filter(mailed_at=None).count()


def _connections() -> Iterator[GaugeMetricFamily]:
    family = GaugeMetricFamily("portal_connections", "Connections by state", labels=["state"])
    counts = dict(Connection.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in ConnectionState.values:
        family.add_metric([state], counts.get(state, 0))
    yield family
    working = Connection.objects.admitted()
    oldest = SyncState.objects.filter(connection__in=working).aggregate(at=Min("finished_at"))["at"]
    age = (clock.now() - oldest).total_seconds() if oldest else 0.0
    yield _one("portal_stalest_mirror_seconds", "Age of the oldest synced copy of a working connection", age)


def _jobs() -> Iterator[GaugeMetricFamily]:
    family = GaugeMetricFamily("portal_jobs", "Jobs by kind and state", labels=["kind", "state"])
    rows = Job.objects.order_by().values_list("kind", "state").annotate(count=Count("pk"))
    for kind, state, count in rows:
        family.add_metric([kind, state], count)
    yield family
    waiting = Job.objects.filter(IS_ACTIVE).exclude(state=JobState.PAUSED)
    oldest = waiting.aggregate(at=Min("created_at"))["at"]
    age = (clock.now() - oldest).total_seconds() if oldest else 0.0
    yield _one("portal_oldest_job_seconds", "Age of the oldest unfinished job", age)


def _budgets() -> Iterator[GaugeMetricFamily]:
    labels = ["host", "egress"]
    families = {
        name: GaugeMetricFamily(f"portal_budget_{name}", help_text, labels=labels)
        for name, help_text in (
            ("calls_used", "Calls in the last minute"),
            ("calls_allowed", "Calls allowed per minute; -1: no limit"),
            (
                "calls_share",
                "Share of the allowed calls that the portal uses; below 1 after rate-limit errors",
            ),
            ("tokens_used", "Token requests in the last hour"),
            ("tokens_allowed", "Token requests allowed per hour; -1: no limit"),
            ("waiting", "Connections waiting for a token"),
            ("refusals_unexplained", "Rate-limit errors that our own calls don't explain"),
        )
    }
    for now in health.all_budgets():
        where = [now.budget.host, now.budget.egress.name]
        calls, tokens = now.limits.calls_per_minute, now.limits.tokens_per_hour
        values = {
            "calls_used": now.calls_used,
            "calls_allowed": -1 if calls is None else calls,
            "calls_share": now.rate,
            "tokens_used": now.tokens_used,
            "tokens_allowed": -1 if tokens is None else tokens,
            "waiting": now.waiting,
            "refusals_unexplained": now.budget.unexplained_refusals,
        }
        for name, value in values.items():
            families[name].add_metric(where, value)
    yield from families.values()
