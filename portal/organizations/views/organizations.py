"""An organization's Overview, and creating and editing organizations."""

from typing import get_args

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.accounts.guard import current_user, operators_only
from portal.core import panels
from portal.core.errors import Refused
from portal.core.pages import render
from portal.organizations import members as membership
from portal.organizations import organizations, page
from portal.organizations.forms import OrganizationForm
from portal.organizations.models import Organization
from portal.organizations.roles import MEMBER_ROLES, Capability, Role
from portal.organizations.views.guard import organization_view

#: Members that the Overview names; it counts the rest.
MEMBERS_LISTED = 6


@organization_view(Capability.OVERVIEW)
def organization(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Show an organization at a glance. Other apps add panels."""
    manages = organization.allows(current_user(request), Capability.MANAGE)
    counts = _counts(organization)
    total = sum(count for _, count in counts)
    members = sorted(membership.listed(organization), key=lambda row: MEMBER_ROLES.index(Role(row.role)))
    waiting = organization.invitations.filter(accepted_at=None, withdrawn_at=None)
    context = {
        "manages": manages,
        "counts": counts,
        "members": members[:MEMBERS_LISTED],
        "more_members": max(0, total - MEMBERS_LISTED),
        "invited": waiting.count() if manages else 0,
        "places": {
            place: panels.draw("organization", request, organization, place=place)
            for place in get_args(panels.Place)
        },
    }
    return page.render_tab(
        request, organization, "organizations/organization.html", context, tab="organization"
    )


def _counts(organization: Organization) -> list[tuple[str, int]]:
    """Return how many members have each role, in the order of roles."""
    found = dict(organization.memberships.values_list("role").annotate(Count("pk")))
    return [(role.label.lower(), found[role]) for role in MEMBER_ROLES if role in found]


@operators_only
def new_organization(request: HttpRequest) -> HttpResponse:
    """Create an organization. The operator who creates it is its account owner unless they choose another."""
    form = OrganizationForm(request.POST or None, initial={"account_owner": current_user(request).pk})
    if request.method == "POST" and form.is_valid():
        try:
            created = organizations.create(
                name=form.cleaned_data["name"],
                actor=current_user(request),
                account_owner=form.cleaned_data["account_owner"],
            )
        except Refused as refused:
            again = organizations.find_just_created(
                name=form.cleaned_data["name"],
                actor=current_user(request),
                account_owner=form.cleaned_data["account_owner"],
            )
            if again is not None:  # the same form in another tab
                return redirect("organization", slug=again.slug)
            form.add_error("name", str(refused))
        else:
            return redirect("organization", slug=created.slug)
    return render(request, "organizations/new_organization.html", {"form": form}, title="New organization")


@organization_view(Capability.OPERATE)
def edit_organization(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Rename an organization and change its account owner."""
    initial = {"name": organization.name, "account_owner": organization.account_owner_id}
    form = OrganizationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actor = current_user(request)
        try:
            with transaction.atomic():
                organizations.rename(organization=organization, name=form.cleaned_data["name"], actor=actor)
                organizations.assign_account_owner(
                    organization=organization, operator=form.cleaned_data["account_owner"], actor=actor
                )
        except Refused as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, "Saved.")
            return redirect("organization", slug=organization.slug)
    context = {"organization": organization, "form": form}
    return render(request, "organizations/edit_organization.html", context, title="Edit organization")
