"""What the contact list and a contact's page offer: create, edit, give away and delete a contact."""

from integrations.bulk.building import NO_ADMIN
from integrations.bulk.writers import Writers
from integrations.directory.browse import contact_actions, list_actions
from integrations.directory.models import Contact
from portal.accounts.models import User
from portal.organizations.roles import Capability


def register() -> None:
    """Offer the actions on the pages of the directory."""
    list_actions.register(
        "new_contact",
        label="New contact",
        url_name="new_contact",
        capability=Capability.EDIT,
        icon="add",
        order=-10,
        needs_contacts=False,
    )
    contact_actions.register(
        "edit",
        label="Edit",
        url_name="edit_contact",
        capability=Capability.EDIT,
        icon="edit",
        is_primary=True,
    )
    contact_actions.register(
        "owner",
        label="Change owner",
        url_name="change_contact_owner",
        capability=Capability.EDIT_MANY,
        icon="person",
        order=10,
        why_not=why_not_given,
    )
    contact_actions.register(
        "delete",
        label="Delete",
        url_name="delete_contact",
        capability=Capability.EDIT_MANY,
        icon="delete",
        order=20,
        posts=True,
    )


def why_not_given(user: User, contact: Contact) -> str:
    """Return why a contact can't be given to another owner, or ""."""
    return "" if Writers(contact.installation, user).admin is not None else NO_ADMIN
