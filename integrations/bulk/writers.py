"""Which connection sends the changes of a contact."""

import uuid
from collections.abc import Collection

from integrations.connections.models import Connection, Installation
from integrations.directory.models import SyncState, Visibility
from portal.accounts.models import User
from portal.organizations.roles import Capability


class Writers:
    """The working connections through which ``user`` may change contacts and groups of an installation.

    An admin connection changes everything. A person's connection changes the contacts that it sees and its owner's groups;
    loan officers only use their own.
    """

    def __init__(self, installation: Installation, user: User) -> None:
        rows = Connection.objects.admitted().filter(installation=installation)
        if not installation.organization.allows(user, Capability.OVERVIEW):
            rows = rows.filter(user=user)
        found = list(rows.select_related("installation__environment", "installation__organization"))
        self.connections = {row.pk: row for row in found}
        self.admin = next((row for row in found if row.sees_everything), None)

    def of(self, contacts: Collection[int]) -> dict[int, uuid.UUID]:
        """Return the connection for each contact, by primary keys. Contacts that none can change are missing."""
        if self.admin is not None:
            return dict.fromkeys(contacts, self.admin.pk)
        seen = Visibility.objects.filter(connection__in=self.connections, contact__in=contacts)
        return dict(seen.order_by("seen_at").values_list("contact_id", "connection_id"))

    def for_owners(self, owners: Collection[int | None]) -> dict[int | None, uuid.UUID]:
        """Return the connection that changes the groups of each owner, by primary keys. None is an unknown owner."""
        if self.admin is not None:
            return dict.fromkeys(owners, self.admin.pk)
        people = self.of_owners()
        return {owner: people[owner] for owner in owners if owner in people}

    def of_owners(self) -> dict[int, uuid.UUID]:
        """Return the connections of people, by the primary key of the owner that each belongs to."""
        states = SyncState.objects.filter(connection__in=self.connections, owner__isnull=False)
        return dict(states.order_by("connection__created_at").values_list("owner_id", "connection_id"))
