"""Pages that plan changes of groups. Each ends on the plan's own page, where it is reviewed and applied."""

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from integrations.bulk import planning as contact_planning
from integrations.bulk.groups import planning, rules
from integrations.bulk.groups.edits import GroupVerb
from integrations.bulk.groups.forms import ALL, MOST_OWNERS, SOME, ChangeGroupsForm, NewGroupForm
from integrations.bulk.models import Plan
from integrations.bulk.operations import Operations
from integrations.bulk.writers import Writers
from integrations.connections.models import Installation
from integrations.directory.browse import access, owners, required
from integrations.directory.browse.chosen import Chosen
from integrations.directory.browse.groups import visible
from integrations.directory.browse.selection import Selection
from integrations.directory.models import ContactGroup, Owner, RequiredGroup
from portal.accounts.guard import current_user
from portal.accounts.models import User
from portal.core.errors import Refused
from portal.core.pages import render, text_param
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

NAMELESS = "This group has no name, so contacts can't be removed from it here. Use Total Expert."
TITLES = {GroupVerb.RENAME: "Rename a group", GroupVerb.DELETE: "Delete a group"}


def _to_plan(plan: Plan) -> HttpResponse:
    return redirect("bulk_edit", slug=plan.installation.organization.slug, pk=plan.pk)


def changeable(user: User, installation: Installation) -> "QuerySet[ContactGroup]":
    """Return the groups that ``user`` sees and may change: a loan officer's own, and all for others."""
    through = access.limiting_connections(user, installation)
    found = visible(installation, through=through).select_related("owner")
    if through is None:
        return found
    return found.filter(owner__in=Writers(installation, user).of_owners())


def _owners(user: User, installation: Installation) -> list[Owner]:
    """Return the owners for whom ``user`` can create a group."""
    writers = Writers(installation, user)
    known = owners.of(installation).filter(~Q(is_active=False))
    if writers.admin is None:
        known = known.filter(pk__in=writers.of_owners())
    return list(known.order_by("last_name", "first_name", "remote_id")[:MOST_OWNERS])


@organization_view(Capability.EDIT)
def new_group(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Name a new group and choose its owners."""
    user = current_user(request)
    installation = access.visible_installation(user, organization, environment)
    known = _owners(user, installation)
    form = NewGroupForm(
        request.POST if request.method == "POST" else None,
        owners=known,
        is_own=access.limiting_connections(user, installation) is not None,
        initial={"name": text_param(request.GET, "name")},
    )
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            return _to_plan(
                planning.create(installation=installation, name=name, actor=user, owners=form.chosen)
            )
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {
        "organization": organization,
        "installation": installation,
        "form": form,
        "owners": known,
        "back": _groups_address(installation),
    }
    return render(request, "bulk/groups/new.html", context, title="New group")


@organization_view(Capability.EDIT)
def change_group(request: HttpRequest, organization: Organization, pk: int, verb: str) -> HttpResponse:
    """Rename or delete a group, or all that are called alike, which ``?scope=all`` proposes."""
    user, chosen_verb = current_user(request), GroupVerb(verb)
    if chosen_verb is GroupVerb.DELETE and not organization.allows(user, Capability.EDIT_MANY):
        raise Http404
    installation, group = _group(user, organization, pk)
    alike = list(changeable(user, installation).filter(search=group.search).order_by("pk"))
    form = ChangeGroupsForm(
        request.POST if request.method == "POST" else None,
        verb=chosen_verb,
        group=group,
        alike=alike if group.search else [group],
        scope=ALL if request.GET.get("scope") == ALL else SOME,
    )
    if form.is_valid():
        try:
            return _to_plan(_plan_change(form, chosen_verb, installation, user))
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {
        "organization": organization,
        "installation": installation,
        "form": form,
        "verb": verb,
        "group": group,
        "is_required": group.search in rules.required_names(installation),
    }
    return render(request, "bulk/groups/change.html", context, title=TITLES[chosen_verb])


def _group(user: User, organization: Organization, pk: int) -> tuple[Installation, ContactGroup]:
    """Return a group that ``user`` may change, with its installation. Raise Http404."""
    rows = ContactGroup.objects.filter(installation__organization=organization)
    group = get_object_or_404(rows.select_related("installation__environment", "owner"), pk=pk)
    installation = access.visible_installation(user, organization, group.installation.environment.name)
    if not changeable(user, installation).filter(pk=pk).exists():
        raise Http404
    return installation, group


def _plan_change(form: ChangeGroupsForm, verb: GroupVerb, installation: Installation, user: User) -> Plan:
    if verb is GroupVerb.DELETE:
        return planning.delete(installation=installation, groups=form.chosen, actor=user)
    return planning.rename(
        installation=installation,
        groups=form.chosen,
        new_name=form.cleaned_data["new_name"],
        actor=user,
    )


def _groups_address(installation: Installation) -> str:
    query = urlencode({"environment": installation.environment.name})
    return f"{reverse('groups', args=[installation.organization.slug])}?{query}"


@require_POST
@organization_view(Capability.EDIT)
def remove_from_group(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Plan to remove chosen contacts from a group."""
    user = current_user(request)
    installation, group = _group(user, organization, pk)
    chosen = Chosen.read(request.POST)
    chosen = Chosen(Selection(), chosen.ids or ())
    contacts = chosen.apply(access.visible_contacts(user, organization), installation)
    if not contacts.filter(memberships__group=group).exists():
        messages.error(request, "Choose at least one contact of this group.")
        return redirect("group", slug=organization.slug, pk=pk)
    try:
        if not group.search:
            raise Refused(NAMELESS)
        return _plan_contacts(installation, Operations.checked(remove_groups=[group.name]), chosen, user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("group", slug=organization.slug, pk=pk)


@require_POST
@organization_view(Capability.EDIT)
def fix_required_groups(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Plan to add every contact that lacks required groups to them."""
    user = current_user(request)
    installation = access.visible_installation(user, organization, environment)
    names = list(required.of(installation).values_list("name", flat=True))
    if not names:
        messages.error(request, "No group is required.")
        return redirect("required_groups", slug=organization.slug)
    chosen = Chosen(Selection(missing=required.ANY), None)
    return _plan_contacts(installation, Operations.checked(add_groups=names), chosen, user)


def _plan_contacts(
    installation: Installation, operations: Operations, chosen: Chosen, user: User
) -> HttpResponse:
    return _to_plan(
        contact_planning.create(installation=installation, operations=operations, chosen=chosen, actor=user)
    )


@require_POST
@organization_view(Capability.EDIT)
def create_required_group(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Plan a required group for the owners who lack it."""
    user = current_user(request)
    rows = required_rows(organization)
    row = get_object_or_404(rows, pk=pk)
    installation = access.visible_installation(user, organization, row.installation.environment.name)
    try:
        return _to_plan(planning.create(installation=installation, name=row.name, actor=user))
    except Refused as refused:
        messages.error(request, str(refused))
    query = urlencode({"environment": installation.environment.name})
    return redirect(f"{reverse('required_groups', args=[organization.slug])}?{query}")


def required_rows(organization: Organization) -> "QuerySet[RequiredGroup]":
    """Return the groups that new contacts of an organization need, in all its environments."""
    rows = RequiredGroup.objects.filter(
        installation__organization=organization, state=RequiredGroup.State.REQUIRED
    )
    return rows.select_related("installation__environment")
