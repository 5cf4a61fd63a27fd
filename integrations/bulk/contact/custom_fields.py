"""The custom fields of an installation, as far as its contacts have shown some. Officers can't read their definitions."""

from integrations.bulk.fields import custom_values_in
from integrations.connections.models import Installation
from integrations.directory.browse import access, shown_fields
from integrations.directory.models import Document
from portal.accounts.models import User
from portal.organizations.roles import Capability

#: How many contacts are read, those that were synced first and last. Most have all custom fields.
READ = 100
#: The most custom fields that are offered.
MOST = 60


def known(installation: Installation, user: User) -> list[str]:
    """Return the system names of custom fields that some of the contacts have which ``user`` may see."""
    visible = access.visible_contacts(user, installation.organization).filter(installation=installation)
    sees_all = installation.organization.allows(user, Capability.OVERVIEW)
    pks = visible.order_by().values_list("pk", flat=True)
    chosen = {*pks.order_by("pk")[: READ // 2], *pks.order_by("-pk")[: READ // 2]}
    rows = Document.objects.filter(contact__in=chosen).values_list(
        "raw__custom", "shown", "contact__as_admin"
    )
    names: set[str] = set()
    for custom, shown, as_admin in rows:
        record = {shown_fields.CUSTOM: custom or []}
        if as_admin and not sees_all:
            record = shown_fields.only(record, shown or ())
        names.update(custom_values_in(record))
    return sorted(names)[:MOST]
