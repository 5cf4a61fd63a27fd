"""The tabs and header actions of an organization's pages that need no other app."""

from django.http import HttpRequest
from django.urls import reverse

from portal.accounts.guard import current_user
from portal.organizations import page
from portal.organizations.models import Organization
from portal.organizations.page import Action, Header
from portal.organizations.roles import Capability

page.register_tab("organization", title="Overview", order=10)
page.register_tab("members", title="Members", order=90)


@page.register_header("organizations", order=90)
def header(request: HttpRequest, organization: Organization) -> Header:
    """Return the actions of managers and operators."""
    user = current_user(request)
    actions = []
    if organization.allows(user, Capability.MANAGE):
        invite = reverse("members", args=[organization.slug]) + "#invite-title"
        actions.append(Action("Invite people", invite, "mail"))
    if organization.allows(user, Capability.OPERATE):
        edit = reverse("edit_organization", args=[organization.slug])
        actions.append(Action("Rename or change account owner", edit, "edit"))
        admin = reverse("admin:organizations_organization_change", args=[organization.pk])
        actions.append(Action("Open in Django admin", admin, "admin_panel_settings"))
    return Header(actions=actions)
