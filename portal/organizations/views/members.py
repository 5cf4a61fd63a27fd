"""The Members tab of an organization, and changes to members and invitations."""

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
from portal.core.pages import keep_answer
from portal.organizations import members as membership
from portal.organizations import page, warnings
from portal.organizations.forms import InvitationForm, RoleForm
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation, Organization
from portal.organizations.roles import MEMBER_ROLES, Capability, Role
from portal.organizations.views.guard import organization_view


@never_cache
@organization_view(Capability.MANAGE)
@limited("invite")
def members(request: HttpRequest, organization: Organization) -> HttpResponse:
    """List members and invitations, and invite someone.

    An invitation's link is shown once, and only to operators. A customer's admin must have it emailed: anyone who opens it
    is taken for the owner of the address, who may work for another customer too. The response to the POST is the page
    itself, since a redirect would have to store the link. Sending the same form again gets the same page.
    """
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = warnings.for_invitation(
            organization, Role(form.cleaned_data["role"]), actor=current_user(request)
        )
        if found and not form.is_confirmed:
            return _draw(request, organization, form, shown=found)
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
            return keep_answer(
                _draw(request, organization, InvitationForm(), invitation=invitation, link=link)
            )
    return _draw(request, organization, form)


def _draw(
    request: HttpRequest,
    organization: Organization,
    form: InvitationForm,
    *,
    invitation: Invitation | None = None,
    link: str = "",
    shown: Sequence[str] = (),
) -> HttpResponse:
    at = clock.now()
    rows = membership.listed(organization)
    waiting = organization.invitations.filter(accepted_at=None, withdrawn_at=None)
    is_operator = current_user(request).is_operator
    context = {
        "form": form,
        "members": [
            {"row": row, "is_last_admin": not is_operator and membership.is_last_admin(row)} for row in rows
        ],
        "roles": MEMBER_ROLES,
        "invitations": [{"row": row, "state": row.state_at(at)} for row in waiting],
        "invitation": invitation,
        "link": link if is_operator else "",
        "warnings": shown,
    }
    return page.render_tab(request, organization, "organizations/members.html", context, tab="members")


@require_POST
@organization_view(Capability.MANAGE)
def change_role(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Change a member's role."""
    row = get_object_or_404(organization.memberships, pk=pk)
    form = RoleForm(request.POST)
    try:
        membership.change_role(membership=row, role=form.data.get("role", ""), actor=current_user(request))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Role changed. It applies to their open sessions too.")
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
        messages.success(request, "Removed. They no longer have access, in open sessions either.")
    return _back(request, organization)


def _back(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Redirect to the members, or to Home if the person just gave up managing them."""
    if organization.allows(current_user(request), Capability.MANAGE):
        return redirect("members", slug=organization.slug)
    return redirect("home")


@never_cache
@require_POST
@organization_view(Capability.MANAGE)
@limited("invite")
def resend_invitation(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """Email a new link, and show it to operators once. The old link stops working."""
    row = get_object_or_404(organization.invitations, pk=pk)
    try:
        invitation, link = invitations.resend(invitation=row, actor=current_user(request))
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("members", slug=organization.slug)
    return keep_answer(_draw(request, organization, InvitationForm(), invitation=invitation, link=link))


@require_POST
@organization_view(Capability.MANAGE)
def withdraw_invitation(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """Withdraw an invitation, so that its link stops working."""
    row = get_object_or_404(organization.invitations, pk=pk)
    try:
        invitations.withdraw(invitation=row, actor=current_user(request))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Withdrawn. The link no longer works.")
    return redirect("members", slug=organization.slug)
