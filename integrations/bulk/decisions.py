"""What people decide about a plan: evidence of consent, its approval, and contacts that changed since."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from integrations.bulk import approval, conflicts
from integrations.bulk.models import Plan, PlanRow
from integrations.bulk.plan_page import sees_conflicts
from integrations.bulk.views import typed_count, visible_plan
from integrations.directory.browse import access
from portal.accounts.guard import current_user
from portal.core.errors import Refused
from portal.core.pages import text_param
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view


def _decide(
    request: HttpRequest, organization: Organization, plan: Plan, act: Callable[[], object]
) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("bulk_edit", slug=organization.slug, pk=plan.pk)


@require_POST
@organization_view(Capability.EDIT)
def approve(request: HttpRequest, organization: Organization, pk: int, verb: str) -> HttpResponse:
    """Give the evidence of a plan that grants consent, or approve it."""
    plan, user = visible_plan(request, organization, pk), current_user(request)
    if verb == "evidence":
        evidence = text_param(request.POST, "evidence")
        return _decide(
            request,
            organization,
            plan,
            lambda: approval.give_evidence(plan, actor=user, evidence=evidence),
        )
    digest, reason = request.POST.get("digest", ""), text_param(request.POST, "reason")
    return _decide(
        request,
        organization,
        plan,
        lambda: approval.approve(plan, actor=user, digest=digest, reason=reason),
    )


@require_POST
@organization_view(Capability.EDIT)
def decide(request: HttpRequest, organization: Organization, pk: int, number: int, verb: str) -> HttpResponse:
    """Keep what is at Total Expert for one contact that changed, or overwrite it."""
    plan, user = visible_plan(request, organization, pk), current_user(request)
    related = ("contact__document", "contact__owner", "plan__installation__organization")
    row = get_object_or_404(PlanRow.objects.select_related(*related), plan=plan, number=number)
    visible = access.visible_contacts(user, organization)
    if row.contact_id is not None and not visible.filter(pk=row.contact_id).exists():
        return _decide(request, organization, plan, _refuse_unseen)
    if verb == "keep":
        return _decide(request, organization, plan, lambda: conflicts.keep(row, actor=user))
    seen = request.POST.get("seen", "")
    return _decide(request, organization, plan, lambda: conflicts.overwrite(row, actor=user, seen=seen))


def _refuse_unseen() -> None:
    raise Refused("You can't see this contact any more.")


def _refuse_some_unseen() -> None:
    raise Refused("You can't see some of these contacts any more. Decide about the others one by one.")


@require_POST
@organization_view(Capability.EDIT)
def decide_all(request: HttpRequest, organization: Organization, pk: int, verb: str) -> HttpResponse:
    """Keep what is at Total Expert for every contact that changed, or overwrite all of them."""
    plan, user = visible_plan(request, organization, pk), current_user(request)
    if not sees_conflicts(plan, user):
        return _decide(request, organization, plan, _refuse_some_unseen)
    if verb == "keep":
        return _decide(request, organization, plan, lambda: conflicts.keep_all(plan, actor=user))
    seen, count = request.POST.get("seen", ""), typed_count(request)
    return _decide(
        request,
        organization,
        plan,
        lambda: conflicts.overwrite_all(plan, actor=user, seen=seen, typed_count=count),
    )
