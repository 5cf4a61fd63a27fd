"""Members and invitations of an organization."""

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.accounts.guard import current_user
from portal.accounts.rate_limits import limited
from portal.core import clock
from portal.core.errors import Refused
from portal.core.pages import render
from portal.organizations import invitations, warnings
from portal.organizations import members as membership
from portal.organizations.forms import InvitationForm, RoleForm
from portal.organizations.models import Invitation, Organization
from portal.organizations.roles import MEMBER_ROLES, Capability, Role
from portal.organizations.views.guard import organization_view


@never_cache
@organization_view(Capability.MANAGE)
@limited("invite")
def members(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Who belongs to the organization and who is invited; inviting shows operators the link, once.

    Whoever opens the link is taken for the owner of the address, so a customer's own admins do not see it: it could be
    that of somebody who works for another customer, too. They have it mailed. The answer to the POST is the page itself,
    no redirect: the link is a secret, and a redirect would have to keep it.
    Sending the form again does no harm, since an address with an open invitation is refused.
    """
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = warnings.for_invitation(
            organization, Role(form.cleaned_data["role"]), actor=current_user(request)
        )
        if said and not form.is_confirmed:
            return _draw(request, organization, form, said=said)
        try:
            invitation, link = invitations.invite(
                organization=organization,
                email=form.cleaned_data["email"],
                role=form.cleaned_data["role"],
                actor=current_user(request),
            )
        except Refused as refused:
            form.add_error("email", str(refused))
        else:
            return _draw(request, organization, InvitationForm(), invitation=invitation, link=link)
    return _draw(request, organization, form)


def _draw(
    request: HttpRequest,
    organization: Organization,
    form: InvitationForm,
    *,
    invitation: Invitation | None = None,
    link: str = "",
    said: Sequence[str] = (),
) -> HttpResponse:
    at = clock.now()
    rows = membership.listed(organization)
    waiting = organization.invitations.filter(accepted_at=None, withdrawn_at=None).select_related(
        "invited_by"
    )
    operator = current_user(request).is_operator
    context = {
        "organization": organization,
        "form": form,
        "members": [{"row": row, "is_fixed": not operator and membership.is_last_admin(row)} for row in rows],
        "roles": MEMBER_ROLES,
        "invitations": [{"row": row, "standing": row.state_at(at)} for row in waiting],
        "invitation": invitation,
        "link": link if operator else "",
        "cautions": said,
    }
    return render(request, "organizations/members.html", context, title="Members")


@require_POST
@organization_view(Capability.MANAGE)
def change_role(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Make a member something else."""
    row = get_object_or_404(organization.memberships, pk=pk)
    form = RoleForm(request.POST)
    try:
        membership.change_role(membership=row, role=form.data.get("role", ""), actor=current_user(request))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Changed. It holds in all their open sessions.")
    return _back(request, organization)


@require_POST
@organization_view(Capability.MANAGE)
def remove_member(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """End a membership."""
    row = get_object_or_404(organization.memberships, pk=pk)
    try:
        membership.remove(membership=row, actor=current_user(request))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Removed. They have no access any more, in open sessions either.")
    return _back(request, organization)


def _back(request: HttpRequest, organization: Organization) -> HttpResponse:
    """To the members; Home for whoever has just given up managing them."""
    if organization.allows(current_user(request), Capability.MANAGE):
        return redirect("members", slug=organization.slug)
    return redirect("home")


@never_cache
@require_POST
@organization_view(Capability.MANAGE)
@limited("invite")
def resend_invitation(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """Mail a new link and show it, once; the old one is dead."""
    row = get_object_or_404(organization.invitations, pk=pk)
    try:
        invitation, link = invitations.resend(invitation=row, actor=current_user(request))
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("members", slug=organization.slug)
    return _draw(request, organization, InvitationForm(), invitation=invitation, link=link)


@require_POST
@organization_view(Capability.MANAGE)
def withdraw_invitation(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """Make an invitation's link useless."""
    row = get_object_or_404(organization.invitations, pk=pk)
    try:
        invitations.withdraw(invitation=row, actor=current_user(request))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Withdrawn. Its link does not work any more.")
    return redirect("members", slug=organization.slug)
