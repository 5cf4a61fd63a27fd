"""Probes for load balancers and Prometheus: /healthz, /readyz and /metrics, answered before anything else.

Their middleware comes first, so that a probe over plain HTTP or by IP address meets neither a redirect nor the host
check. They use no session and reveal nothing about customers.

- ``/healthz``: this process answers. It asks nothing else, so a database outage doesn't restart web processes.
- ``/readyz``: the database answers, every migration is applied, and a worker runs. Otherwise 503.
- ``/metrics``: requires ``METRICS_TOKEN`` as a bearer token; 404 while that setting is empty.
"""

import datetime as dt
import hmac
from collections.abc import Callable
from functools import lru_cache
from typing import TypedDict

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse

from integrations.jobs.models import Schedule
from portal.core import clock
from portal.site import metrics

#: A schedule that every worker's supervisor runs every few seconds: a sign that a worker is alive.
HEARTBEAT = "jobs.token_turns"
SILENT_AFTER = dt.timedelta(minutes=1)


class Check(TypedDict):
    """The result of one check."""

    ok: bool
    text: str


class ProbesMiddleware:
    """Middleware: answer probes before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._answers = {"/healthz": health, "/readyz": readiness, "/metrics": measurements}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._answers.get(request.path_info)
        if answer is None:
            return self._get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = answer(request)
        response.headers["Cache-Control"] = "no-store"
        return response


def health(request: HttpRequest) -> HttpResponse:
    """Report that this process is alive."""
    return HttpResponse("ok\n", content_type="text/plain")


def readiness(request: HttpRequest) -> HttpResponse:
    """Report whether this process can serve people, with the result of each check."""
    try:
        checks = {"database": _database(), "migrations": _migrations()}
        if checks["migrations"]["ok"]:  # until then the table that shows a worker may not exist
            checks["worker"] = _worker()
    except DatabaseError:
        checks = {"database": Check(ok=False, text="The database can't be reached.")}
    ready = all(check["ok"] for check in checks.values())
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check(ok=True, text="The database answers.")


def _migrations() -> Check:
    if _all_applied():
        return Check(ok=True, text="All migrations are applied.")
    _all_applied.cache_clear()
    return Check(ok=False, text="Migrations are missing: run manage.py migrate.")


@lru_cache(maxsize=1)
def _all_applied() -> bool:
    """Return whether every migration is applied. Once they are, this process doesn't ask again."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _worker() -> Check:
    due = Schedule.objects.filter(name=HEARTBEAT).values_list("due_at", flat=True).first()
    if due is not None and abs(clock.now() - due) < SILENT_AFTER:
        return Check(ok=True, text="A worker is running.")
    return Check(ok=False, text="No worker has run for a minute: start manage.py work.")


def measurements(request: HttpRequest) -> HttpResponse:
    """Return the metrics to a client with the token."""
    token = str(settings.METRICS_TOKEN)
    if not token:
        return HttpResponseNotFound()
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(errors="replace"), f"Bearer {token}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    return HttpResponse(metrics.text(), content_type=metrics.CONTENT_TYPE)
