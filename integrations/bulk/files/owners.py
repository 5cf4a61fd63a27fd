"""Whose contacts the rows of a file become: owners by what a cell names them by, and through which connection."""

import uuid

from django.db.models import Q

from integrations.bulk.models import Plan
from integrations.bulk.writers import Writers
from integrations.connections.models import Installation
from integrations.directory.models import Owner
from portal.accounts.models import User
from portal.core import text
from portal.core.errors import Refused


class Owners:
    """The owners of an installation, found by ID, username, email address or external ID."""

    def __init__(self, plan: Plan) -> None:
        assert plan.created_by is not None
        rows = list(Owner.objects.filter(installation=plan.installation))
        self._by_pk = {row.pk: row for row in rows}
        self._by_name: dict[str, set[int]] = {}
        for row in rows:
            for name in (str(row.remote_id), row.username, row.email, row.external_id):
                if name:
                    self._by_name.setdefault(name.casefold(), set()).add(row.pk)
        self.writers = Writers(plan.installation, plan.created_by)
        self._connections = self.writers.of_owners()

    def find(self, cell: str) -> Owner:
        """Return the owner that a cell names. Raise Refused."""
        found = self._by_name.get(text.clean(cell).casefold(), set())
        if len(found) != 1:
            raise Refused(
                "No owner has this ID, username, email address or external ID."
                if not found
                else "Several owners match. Use the owner's ID."
            )
        return self._by_pk[next(iter(found))]

    def connection_of(self, owner: Owner) -> uuid.UUID:
        """Return the connection through which contacts of an owner are created. Raise Refused."""
        if owner.is_active is False:
            raise Refused(f"{owner.display_name} is deactivated in Total Expert and can't get new contacts.")
        if self.writers.admin is not None:
            return self.writers.admin.pk
        if owner.pk not in self._connections:
            raise Refused(f"No working connection can create contacts of {owner.display_name}.")
        return self._connections[owner.pk]


def choices(installation: Installation, user: User) -> list[tuple[str, str]]:
    """Return the owners who can get new contacts, as pairs of the remote ID and the name."""
    writers = Writers(installation, user)
    rows = Owner.objects.filter(~Q(is_active=False), installation=installation)
    if writers.admin is None:
        rows = rows.filter(pk__in=writers.of_owners())
    return [(str(row.remote_id), row.display_name) for row in rows]
