"""The Required groups tab: which groups new contacts need, for which owners they exist, and how many contacts lack one."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from integrations.connections.models import Installation
from integrations.directory import required_groups as verbs
from integrations.directory.browse import access, coverage, keyset, owners, required
from integrations.directory.browse.groups import COUNTED, Members, MissingContacts, MissingOwners
from integrations.directory.models import ContactQuerySet, Owner, RequiredGroup
from integrations.directory.views.groups import frame
from portal.accounts.guard import current_user
from portal.core import panels
from portal.core.errors import Refused
from portal.core.pages import render, text_param
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

#: Owners without a required group that the page names. It counts the others.
NAMED_OWNERS = 12
#: Names of existing groups that the form offers.
OFFERED_NAMES = 200


@organization_view(Capability.BROWSE)
def required_groups(request: HttpRequest, organization: Organization) -> HttpResponse:
    """List the required groups of one installation, with who recorded them and what lacks them."""
    context = frame(request, organization, tab="required")
    installation, through = context["installation"], context["through"]
    if installation is None:
        return render(request, "directory/groups_none.html", context, title="Groups")
    visible = access.visible_contacts(current_user(request), organization)
    recorded = RequiredGroup.objects.filter(installation=installation).select_related("recorded_by")
    checked = required.checked_owners(installation, through=through).count()
    missing = required.missing_for_owners(installation, through=through)
    lacking = _count(visible, installation, required.ANY) if missing else None
    context |= {
        "rows": [
            _row(request, row, without, _count(visible, installation, row.name))
            for row, without in missing.items()
        ],
        "suggestions": recorded.filter(state=RequiredGroup.State.SUGGESTED),
        "lacking": lacking,
        "action_panels": panels.draw(
            "required-groups", request, MissingContacts(installation, lacking), place="actions"
        )
        if lacking
        else [],
        "coverage": coverage.of(installation, through=through),
        "checked": checked,
        "unchecked": owners.of(installation, through=through).count() - checked,
        "named": NAMED_OWNERS,
        "names": verbs.suggested_names(installation, limit=OFFERED_NAMES) if context["may_manage"] else [],
    }
    return render(request, "directory/required_groups.html", context, title="Groups")


def _row(
    request: HttpRequest, row: RequiredGroup, without: "QuerySet[Owner]", lacking: Members
) -> dict[str, Any]:
    count = without.count()
    return {
        "row": row,
        "missing": count,
        "owners": list(without[:NAMED_OWNERS]),
        "lacking": lacking,
        "panels": panels.draw("required-group", request, MissingOwners(row, count)),
    }


def _count(visible: ContactQuerySet, installation: Installation, name: str) -> Members:
    """Return how many contacts that the person sees lack a required group."""
    found = visible.present().filter(required.lacking(installation, name), installation=installation)
    return Members.of(keyset.count(found, COUNTED + 1), COUNTED)


@require_POST
@organization_view(Capability.MANAGE)
def require_group(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Record a required group."""
    installation = get_object_or_404(
        Installation.objects.filter(organization=organization), environment__name=environment
    )
    try:
        verbs.require(installation, text_param(request.POST, "name"), current_user(request))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Recorded. New contacts need this group.")
    return _back(organization, installation)


VERBS: dict[str, tuple[Any, str]] = {
    "confirm": (
        lambda row, actor: verbs.require(row.installation, row.name, actor),
        "Confirmed. New contacts need this group.",
    ),
    "dismiss": (verbs.dismiss, "Dismissed. It isn't suggested again."),
    "release": (verbs.release, "Removed. New contacts no longer need this group."),
}


@require_POST
@organization_view(Capability.MANAGE)
def change_required_group(
    request: HttpRequest, organization: Organization, pk: int, verb: str
) -> HttpResponse:
    """Confirm or dismiss a suggestion, or stop requiring a group. Doing it twice changes nothing more."""
    rows = RequiredGroup.objects.filter(installation__organization=organization)
    row = get_object_or_404(rows.select_related("installation__environment"), pk=pk)
    change, done = VERBS[verb]
    if verb == "confirm" and row.state not in (row.State.SUGGESTED, row.State.REQUIRED):
        messages.info(request, "Nothing was changed. This suggestion was dismissed in the meantime.")
        return _back(organization, row.installation)
    try:
        change(row, current_user(request))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return _back(organization, row.installation)


def _back(organization: Organization, installation: Installation) -> HttpResponse:
    query = urlencode({"environment": installation.environment.name})
    return redirect(f"{reverse('required_groups', args=[organization.slug])}?{query}")
