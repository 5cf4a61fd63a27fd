"""Probes for load balancers and Prometheus: /healthz, /readyz and /metrics, answered before anything else.

They come first of all middleware, so that a probe by plain http and by address meets no redirect and no check of the
host; they know no session and say nothing about customers.

- ``/healthz``: this process answers. Asks nobody else, so that a database that is away restarts no web process.
- ``/readyz``: the database is there with every migration, and a worker looks after the jobs. 503 when not.
- ``/metrics``: for whoever has ``METRICS_TOKEN`` as a bearer token; without that setting it does not exist.
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

#: Regular work that any supervisor runs every few seconds; by it one knows that a worker lives.
HEARTBEAT = "jobs.turns"
SILENT_AFTER = dt.timedelta(minutes=1)


class Check(TypedDict):
    """One thing that must be so, and what is found of it."""

    ok: bool
    text: str


class ProbesMiddleware:
    """The middleware."""

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
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readiness(request: HttpRequest) -> HttpResponse:
    """Whether people can be sent here, with each thing that it takes."""
    try:
        checks = {"database": _database(), "migrations": _migrations()}
        if checks["migrations"]["ok"]:  # before that the table may not be there in which one sees a worker
            checks["worker"] = _worker()
    except DatabaseError:
        checks = {"database": Check(ok=False, text="The database can't be reached.")}
    ready = all(check["ok"] for check in checks.values())
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check(ok=True, text="It answers.")


def _migrations() -> Check:
    if _all_applied():
        return Check(ok=True, text="All are applied.")
    _all_applied.cache_clear()
    return Check(ok=False, text="Some are not applied: run manage.py migrate.")


@lru_cache(maxsize=1)
def _all_applied() -> bool:
    """Asked until it is so: what was applied stays applied while this process runs."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _worker() -> Check:
    due = Schedule.objects.filter(name=HEARTBEAT).values_list("due_at", flat=True).first()
    if due is not None and abs(clock.now() - due) < SILENT_AFTER:
        return Check(ok=True, text="A worker looks after the jobs.")
    return Check(ok=False, text="No worker has looked after the jobs for a minute: start manage.py work.")


def measurements(request: HttpRequest) -> HttpResponse:
    """What Prometheus collects, for who has the token."""
    token = str(settings.METRICS_TOKEN)
    if not token:
        return HttpResponseNotFound()
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(errors="replace"), f"Bearer {token}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    return HttpResponse(metrics.text(), content_type=metrics.CONTENT_TYPE)
