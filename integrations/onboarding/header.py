"""What onboarding adds to the header of an organization's pages: its stage, its environments, and the next step."""

from django.http import HttpRequest
from django.urls import reverse

from integrations.connections.permissions import may_connect
from integrations.onboarding import pipeline
from integrations.onboarding.pipeline import Stage
from portal.accounts.guard import current_user
from portal.core.templatetags.portal_ui import environment, state
from portal.organizations import page
from portal.organizations.models import Organization
from portal.organizations.page import Action, Header
from portal.organizations.roles import Capability


@page.register_header("onboarding", order=10)
def header(request: HttpRequest, organization: Organization) -> Header:
    """Return the badges of the stage and of environments other than production, and what to do next."""
    row = pipeline.row(organization)
    badges = [state(row.stage.key, row.stage.label), *filter(None, map(environment, row.environments))]
    actions = []
    if row.broken is not None and organization.allows(current_user(request), Capability.MANAGE):
        url = reverse("connection", args=[organization.slug, row.broken.pk])
        actions.append(Action("Review connection", url, "link_off", can_be_primary=True))
    if may_connect(request, organization):
        url, is_new = reverse("connect", args=[organization.slug]), row.stage < Stage.CONSENTED
        label = "Connect" if is_new else "Add a connection"
        actions.append(Action(label, url, "link", can_be_primary=is_new))
    if row.stage >= Stage.FIRST_SYNC:
        url = reverse("contacts", args=[organization.slug])
        actions.append(Action("Browse contacts", url, "contacts", can_be_primary=True))
    return Header(badges, actions)
