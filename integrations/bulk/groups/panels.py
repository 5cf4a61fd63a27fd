"""What bulk edits show on the pages of groups: buttons that plan changes."""

from typing import Any

from django.http import HttpRequest

from integrations.bulk.groups.views import changeable
from integrations.connections.models import Installation
from integrations.directory.browse.groups import MissingContacts, MissingOwners, NamedGroups
from integrations.directory.models import Contact, ContactGroup
from portal.accounts.guard import current_user
from portal.core import panels
from portal.organizations.roles import Capability, allows
from portal.organizations.views.guard import current_role


def _may(request: HttpRequest, capability: Capability) -> bool:
    role = current_role(request)
    return role is not None and allows(role, capability)


def _context(request: HttpRequest, installation: Installation, **more: Any) -> dict[str, Any] | None:
    """Return what a panel draws, or None for people who can't edit."""
    if not _may(request, Capability.EDIT):
        return None
    return {"installation": installation, "organization": installation.organization, **more}


@panels.register("groups", name="new-group", template="bulk/groups/new_button.html", place="actions")
def new_group(request: HttpRequest, installation: Installation) -> dict[str, Any] | None:
    return _context(request, installation)


@panels.register("group", name="change-group", template="bulk/groups/group_menu.html", place="more")
def change_group(request: HttpRequest, group: ContactGroup) -> dict[str, Any] | None:
    """Offer to rename and delete a group, and to add contacts to it."""
    installation, user = group.installation, current_user(request)
    if group.gone_at is not None or not changeable(user, installation).filter(pk=group.pk).exists():
        return None
    return _context(
        request,
        installation,
        group=group,
        is_locked=group.user_editable is False,
        may_delete=_may(request, Capability.EDIT_MANY),
    )


@panels.register("group-name", name="change-groups", template="bulk/groups/name_menu.html", place="more")
def change_groups(request: HttpRequest, named: NamedGroups) -> dict[str, Any] | None:
    """Offer to rename and delete all groups of a name that the person may change."""
    found = changeable(current_user(request), named.installation).filter(search=named.key)
    keys = list(found.order_by("pk").values_list("pk", flat=True))
    return _context(
        request,
        named.installation,
        named=named,
        first=keys[0] if len(keys) > 1 else None,
        count=len(keys),
        may_delete=_may(request, Capability.EDIT_MANY),
    )


@panels.register("group-member", name="remove", template="bulk/groups/remove_button.html")
def remove_member(request: HttpRequest, subject: tuple[ContactGroup, Contact]) -> dict[str, Any] | None:
    group, contact = subject
    if group.gone_at is not None or group.user_editable is False or not group.search:
        return None
    return _context(request, group.installation, group=group, contact=contact)


@panels.register("required-groups", name="fix", template="bulk/groups/fix_button.html", place="actions")
def fix(request: HttpRequest, missing: MissingContacts) -> dict[str, Any] | None:
    """Offer to add the contacts that lack required groups to them."""
    return _context(request, missing.installation, missing=missing) if missing.contacts.number else None


@panels.register("required-group", name="create", template="bulk/groups/create_button.html")
def create_for_owners(request: HttpRequest, missing: MissingOwners) -> dict[str, Any] | None:
    """Offer to create a required group for the owners who lack it."""
    return _context(request, missing.row.installation, missing=missing) if missing.owners else None
