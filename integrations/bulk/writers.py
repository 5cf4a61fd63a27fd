"""Which connection sends the changes of a contact."""

import uuid
from collections.abc import Sequence

from integrations.connections.models import Connection, Installation
from integrations.directory.models import Contact, Visibility
from portal.accounts.models import User
from portal.organizations.roles import Capability


class Writers:
    """The working connections through which ``user`` may change contacts of an installation.

    An admin connection changes all contacts. A person's connection changes the contacts that it sees; loan officers only
    use their own.
    """

    def __init__(self, installation: Installation, user: User) -> None:
        rows = Connection.objects.working().filter(installation=installation, admitted_at__isnull=False)
        if not installation.organization.allows(user, Capability.OVERVIEW):
            rows = rows.filter(user=user)
        found = list(rows.select_related("installation__environment", "installation__organization"))
        self.connections = {row.pk: row for row in found}
        self._admin = next((row for row in found if row.sees_everything), None)

    def of(self, contacts: Sequence[Contact]) -> dict[int, uuid.UUID]:
        """Return the connection for each contact, by primary keys. Contacts that none can change are missing."""
        if self._admin is not None:
            return {contact.pk: self._admin.pk for contact in contacts}
        seen = Visibility.objects.filter(connection__in=self.connections, contact__in=contacts)
        return dict(seen.order_by("seen_at").values_list("contact_id", "connection_id"))
