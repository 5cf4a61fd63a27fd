"""The audit log, for operators."""

import json
from collections.abc import Iterator

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from portal.accounts.guard import current_user, operators_only
from portal.audit import log
from portal.audit.models import Entry
from portal.core import csv_lines, paging
from portal.core.pages import render
from portal.organizations.audit_filters import AuditLogFilter
from portal.organizations.models import Organization

#: Entries are counted up to this number.
MAX_COUNT = 1000


@operators_only
def audit_log(request: HttpRequest) -> HttpResponse:
    """List the entries that match the filters, newest first."""
    filters = AuditLogFilter(request.GET, queryset=Entry.objects.all())
    count = filters.qs[: MAX_COUNT + 1].count()
    page = paging.newest_first(
        with_names(filters.qs),
        request.GET,
        total=min(count, MAX_COUNT),
        is_capped=count > MAX_COUNT,
    )
    context = {"page": page, "filters": filters}
    return render(request, "organizations/audit_log.html", context, title="Audit log")


@operators_only
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Stream the entries that match the filters as CSV, oldest first. They hold ids, not names."""
    entries = AuditLogFilter(request.GET, queryset=Entry.objects.all()).qs.order_by("pk")
    last = Entry.objects.order_by("pk").last()
    if last is not None:
        entries = entries.filter(pk__lte=last.pk)
    log.record("audit.exported", actor=current_user(request))
    response = StreamingHttpResponse(
        csv_lines.encoded(_lines(entries)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    return response


def _lines(entries: "QuerySet[Entry]") -> Iterator[list[str]]:
    yield ["id", "time", "action", "user id", "organization id", "object", "object id", "details"]
    for row in entries.iterator(chunk_size=1000):
        ids = (row.actor_id, row.organization_id)
        user, organization = ("" if id is None else str(id) for id in ids)
        details = json.dumps(row.detail, sort_keys=True) if row.detail else ""
        time = row.at.isoformat(timespec="seconds")
        yield [str(row.pk), time, row.action, user, organization, row.object_type, row.object_id, details]


def with_names(entries: "QuerySet[Entry]") -> "QuerySet[Entry]":
    """Add the user who acted, and the name and slug of the organization."""
    organizations = Organization.objects.filter(pk=OuterRef("organization_id"))
    return entries.select_related("actor").annotate(
        organization_name=Subquery(organizations.values("name")),
        organization_slug=Subquery(organizations.values("slug")),
    )
