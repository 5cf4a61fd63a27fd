"""Contacts that appeared at Total Expert after a plan to create the same ones was made."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from integrations.bulk.files import matching
from integrations.bulk.models import Plan, PlanRow, RowAction, RowState
from integrations.directory.models import Contact, Owner
from integrations.directory.sync.rows import sort_name


def appeared(plan: Plan, rows: Sequence[PlanRow]) -> dict[int, int]:
    """Return the remote ids of contacts that Total Expert would change instead of creating others, by rows.

    Only contacts that the synced copy got after the plan was made: earlier ones were looked for when it was.
    """
    creations = [row for row in rows if row.action == RowAction.CREATE and row.state == RowState.PLANNED]
    if not creations:
        return {}
    ids = {row.after.get("owner") for row in creations}
    owners = dict(
        Owner.objects.filter(installation=plan.installation, remote_id__in=ids).values_list("remote_id", "pk")
    )
    found: dict[int, int] = {}
    for id, owner, raw in _new_contacts(plan, [row.after.get("fields", {}) for row in creations]):
        for keys in matching.keys_of(owner, raw or {}):
            found |= dict.fromkeys(keys, id)
    hits = {}
    for row in creations:
        steps = matching.keys_of(owners.get(row.after.get("owner", 0)), row.after.get("fields", {}))
        same = [found[key] for step in steps for key in step if key in found]
        if same:
            hits[row.pk] = same[0]
    return hits


def _new_contacts(plan: Plan, fields: Sequence[dict[str, Any]]) -> Any:
    names = {
        sort_name(str(each.get("first_name") or ""), str(each.get("last_name") or "")) for each in fields
    }
    external = {str(each["external_id"]) for each in fields if each.get("external_id")}
    contacts = Contact.objects.present().filter(
        Q(sort_name__in=names) | Q(external_id__in=external),
        installation=plan.installation,
        first_seen_at__gte=plan.created_at,
    )
    return contacts.order_by().values_list("remote_id", "owner_id", "document__raw")
