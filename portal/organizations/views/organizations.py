"""The Organization screen, making organizations, and choosing one."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from portal.accounts.guard import current_user, operators_only
from portal.core import clock, panels
from portal.core.errors import Refused
from portal.core.pages import render
from portal.organizations import members, organizations
from portal.organizations.forms import LookedAfterForm, OrganizationForm
from portal.organizations.models import Organization
from portal.organizations.roles import MEMBER_ROLES, Capability
from portal.organizations.views.guard import organization_view


@organization_view(Capability.OVERVIEW)
def organization(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Everything about one customer at a glance; what upper apps know comes as panels."""
    at = clock.now()
    manages = organization.allows(current_user(request), Capability.MANAGE)
    waiting = organization.invitations.filter(accepted_at=None, withdrawn_at=None) if manages else []
    operates = organization.allows(current_user(request), Capability.OPERATE)
    context = {
        "organization": organization,
        "manages": manages,
        "operates": operates,
        "looked_after_form": LookedAfterForm({"looked_after_by": organization.looked_after_by_id})
        if operates
        else None,
        "counts": _counts(organization),
        "members": members.listed(organization),
        "invitations": [{"row": row, "standing": row.standing(at)} for row in waiting],
        "panels": panels.draw("organization", request, organization),
    }
    return render(request, "organizations/organization.html", context, title=organization.name)


def _counts(organization: Organization) -> list[tuple[str, int]]:
    """How many members there are of each role, the roles in their usual order."""
    found = dict(organization.memberships.values_list("role").annotate(Count("pk")))
    return [(role.label.lower(), found[role]) for role in MEMBER_ROLES if role in found]


@operators_only
def new_organization(request: HttpRequest) -> HttpResponse:
    """Make a customer, looked after by whoever makes it unless somebody else is chosen."""
    form = OrganizationForm(request.POST or None, initial={"looked_after_by": current_user(request).pk})
    if request.method == "POST" and form.is_valid():
        try:
            made = organizations.create(
                name=form.cleaned_data["name"],
                actor=current_user(request),
                looked_after_by=form.cleaned_data["looked_after_by"],
            )
        except Refused as refused:
            form.add_error("name", str(refused))
        else:
            return redirect("organization", slug=made.slug)
    return render(request, "organizations/new_organization.html", {"form": form}, title="New organization")


@require_POST
@organization_view(Capability.OPERATE)
def look_after(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Say which operator looks after the organization."""
    form = LookedAfterForm(request.POST)
    if form.is_valid():
        organizations.look_after(
            organization=organization,
            operator=form.cleaned_data["looked_after_by"],
            actor=current_user(request),
        )
    return redirect("organization", slug=organization.slug)
