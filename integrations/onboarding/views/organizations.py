"""The list of organizations with their stages, for operators."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from integrations.onboarding import pipeline
from integrations.onboarding.filters import OrganizationFilter
from integrations.onboarding.pipeline import Row, Stage
from portal.accounts.guard import operators_only
from portal.core import paging, sorting
from portal.core.pages import render
from portal.organizations.models import Organization

#: The columns that sort the list, and the fields they sort by.
COLUMNS = {"name": "folded_name", "stage": "stage", "since": "since", "owner": "account_owner__name"}


@dataclass(frozen=True)
class Step:
    """A link to the page where an operator moves an organization on."""

    label: str
    url: str


def next_step(row: Row) -> Step | None:
    """Return what an operator can do next, or None if it goes on without them."""
    slug = row.organization.slug
    if row.broken is not None:
        return Step("Review connection", reverse("connection", args=[slug, row.broken.pk]))
    if row.stage is Stage.NEW:
        return Step("Connect", reverse("connect", args=[slug]))
    if row.stage in (Stage.INVITED, Stage.OPENED):
        return Step("Resend invitation", reverse("members", args=[slug]) + "#invited-title")
    return None


@operators_only
def organizations(request: HttpRequest) -> HttpResponse:
    """List all organizations by stage. The number of queries is constant."""
    all_rows = pipeline.with_stages(Organization.objects.all())
    filters = OrganizationFilter(request.GET, queryset=all_rows)
    counts = pipeline.count_by_stage(filters.qs)
    chosen = pipeline.BY_KEY.get(request.GET.get("stage", ""))
    shown: Any = filters.qs if chosen is None else filters.qs.filter(stage=chosen.value)
    sort = sorting.read(request.GET, COLUMNS, default="name")
    page = paging.numbered(shown.select_related("account_owner").order_by(*sort.order_by), request.GET)
    context = {
        "page": page,
        "rows": [(row, next_step(row)) for row in pipeline.rows(page.rows)],
        "filters": filters,
        "sort": sort,
        "stages": list(counts.items()),
        "chosen": chosen,
        "total": sum(counts.values()),
    }
    return render(request, "onboarding/organizations.html", context, title="Organizations")
