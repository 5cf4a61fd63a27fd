"""Plans of one row: to change, give away or delete a contact, and to create one. They are built at once, without a job."""

import uuid
from collections.abc import Mapping, Sequence

from django.db import transaction

from integrations.bulk import planning
from integrations.bulk.fields import Value, grants_consent
from integrations.bulk.models import Plan, PlanRow, RowAction, RowState
from integrations.bulk.operations import Operations
from integrations.connections.models import Connection, Installation
from integrations.directory.models import Contact, Owner
from portal.accounts.models import User
from portal.core import text
from portal.core.errors import Refused

UNCHANGED = "There is nothing to change: the contact has these values already."


def change(contact: Contact, *, operations: Operations, actor: User, evidence: str = "") -> Plan:
    """Make the plan that does ``operations`` to a contact. Return it.

    Raise Refused with the reason if nothing would be sent.
    """
    with transaction.atomic():
        plan = planning.record(
            installation=contact.installation,
            actor=actor,
            operations=operations.to_json(),
            selection={"query": "", "ids": [contact.pk]},
            grants_consent=operations.grants_consent,
            evidence=text.clean(evidence),
        )
        planning.build(plan, has_time=lambda: True, saved=lambda done, total: None)
        row = plan.rows.get()
        if row.state != RowState.PLANNED:
            raise Refused(row.reason or UNCHANGED)
    plan.refresh_from_db()
    return plan


def create(
    *,
    installation: Installation,
    fields: Mapping[str, Value],
    custom: Mapping[str, str],
    groups: Sequence[int],
    owner: Owner,
    connection: uuid.UUID,
    actor: User,
    evidence: str = "",
) -> Plan:
    """Make the plan that creates a contact in the groups with these remote ids. Return it."""
    after = {
        "fields": dict(fields),
        "custom": dict(custom),
        "groups": sorted(groups),
        "owner": owner.remote_id,
    }
    with transaction.atomic():
        plan = planning.record(
            installation=installation,
            actor=actor,
            operations={"creates": 1},
            grants_consent=grants_consent(fields),
            evidence=text.clean(evidence),
        )
        row = PlanRow(
            plan=plan,
            number=1,
            action=RowAction.CREATE,
            connection=Connection.objects.get(pk=connection),
            state=RowState.PLANNED,
            after=after,
        )
        planning.store(plan, [row], until=1, saved=lambda: None)
        planning.finish(plan)
    plan.refresh_from_db()
    return plan
