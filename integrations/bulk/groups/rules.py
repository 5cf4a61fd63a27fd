"""Why a group can't be changed, in sentences. The preview says so, and sending asks again."""

from collections.abc import Collection

from integrations.connections.models import Installation
from integrations.directory.browse import required
from integrations.directory.models import ContactGroup, Owner

REQUIRED = "New contacts need this group. Remove it from the required groups first."
LOCKED = "Total Expert doesn't allow changes to this group."
GONE = "The group no longer exists, or this connection no longer sees it."
RENAMED = "The group was renamed after this plan was made."
CHANGED_HERE = "Another edit changed the group after this plan was made."
CREATED_MEANWHILE = "The owner has a group of this name by now."
HAS_MEMBERS = "The group has contacts by now, so it is left as it is."
NO_WRITER = "No working connection can change this owner's groups."
INACTIVE = "This owner isn't active in Total Expert."


def taken(owner: Owner | None) -> str:
    """Return why a name can't be used: its owner has a group of that name."""
    return f"{owner.display_name if owner else 'The owner'} already has a group of this name."


def required_names(installation: Installation) -> set[str]:
    """Return the folded names of the groups that new contacts need."""
    return set(required.of(installation).order_by().values_list("folded_name", flat=True))


def why_not(group: ContactGroup, required_now: Collection[str]) -> str:
    """Return why a group can be neither renamed nor deleted, or ""."""
    if group.search in required_now:
        return REQUIRED
    return LOCKED if group.user_editable is False else ""
