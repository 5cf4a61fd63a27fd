"""The audit log, for operators."""

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse

from portal.accounts.guard import operators_only
from portal.audit.models import Entry
from portal.core import paging
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


def with_names(entries: "QuerySet[Entry]") -> "QuerySet[Entry]":
    """Add the user who acted, and the name and slug of the organization."""
    organizations = Organization.objects.filter(pk=OuterRef("organization_id"))
    return entries.select_related("actor").annotate(
        organization_name=Subquery(organizations.values("name")),
        organization_slug=Subquery(organizations.values("slug")),
    )
