"""The audit log as a screen: who did what, the latest first, a page at a time."""

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse

from portal.accounts.guard import operators_only
from portal.audit.models import Entry
from portal.core.pages import render, text_param
from portal.organizations.models import Organization

PAGE = 50


@operators_only
def audit_log(request: HttpRequest) -> HttpResponse:
    """Everything that was recorded, narrowed to an action or an organization, before the entry ``before``."""
    actions = sorted(set(Entry.objects.order_by().values_list("action", flat=True).distinct()))
    organizations = Organization.objects.order_by("name")
    action = request.GET.get("action", "")
    organization = organizations.filter(slug=text_param(request.GET, "organization")).first()
    found = entries(action if action in actions else "", organization)
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    rows = list(found[: PAGE + 1])
    older = request.GET.copy()
    if len(rows) > PAGE:
        older["before"] = str(rows[PAGE - 1].pk)
    context = {
        "entries": rows[:PAGE],
        "older": older.urlencode() if len(rows) > PAGE else "",
        "actions": actions,
        "action": action,
        "organizations": organizations,
        "organization": organization,
        "is_narrowed": bool(request.GET),
    }
    return render(request, "organizations/audit_log.html", context, title="Audit log")


def entries(action: str = "", organization: Organization | None = None) -> "QuerySet[Entry]":
    """What was recorded, the latest first, each with the name and slug of its organization."""
    names = Organization.objects.filter(pk=OuterRef("organization_id"))
    found = Entry.objects.select_related("actor").annotate(
        organization_name=Subquery(names.values("name")), organization_slug=Subquery(names.values("slug"))
    )
    if action:
        found = found.filter(action=action)
    return found.filter(organization_id=organization.pk) if organization is not None else found
