"""What a plan will do, in words: the button that applies it, and its consequences."""

from collections.abc import Mapping

from django.db.models import Count

from integrations.bulk.models import Plan, RowAction, RowState
from integrations.directory.models import Owner

#: The order in which actions are named.
_VERBS = {
    RowAction.CREATE: "create",
    RowAction.UPDATE: "change",
    RowAction.TRANSFER: "give",
    RowAction.DELETE: "delete",
}
NOT_RESTORED = "Deleted contacts can't be restored."
GROUPS_LOST = "Contacts move to the new owner's groups of the same names, and leave groups that the new owner doesn't have."


def planned_actions(plan: Plan) -> dict[RowAction, int]:
    """Return the number of rows that are still to be sent, by action."""
    rows = plan.rows.filter(state=RowState.PLANNED).order_by().values_list("action").annotate(Count("pk"))
    counts = dict(rows)
    return {action: counts[action] for action in _VERBS if action in counts}


def button(plan: Plan, counts: Mapping[RowAction, int], *, others: bool = False) -> str:
    """Return what applying does, such as “Create 12 and change 40 contacts”. ``others``: after the first rows."""
    the = "the other " if others else ""
    parts = [f"{_verb(plan, action)} {the}{count:,}" for action, count in counts.items()]
    if not parts:
        return f"Change {the}0 {plan.noun}s"
    last = list(counts.values())[-1]
    named = f"{_joined(parts)} {plan.noun}{'' if last == 1 else 's'}"
    if RowAction.TRANSFER in counts:
        named += f" to {new_owner(plan)}"
    return named[0].upper() + named[1:]


def consequences(plan: Plan, counts: Mapping[RowAction, int]) -> list[str]:
    """Return what can't be undone, one sentence each."""
    found = []
    if RowAction.DELETE in counts and plan.resource == Plan.Resource.CONTACTS:
        found.append(NOT_RESTORED)
    if RowAction.TRANSFER in counts:
        found.append(GROUPS_LOST)
    return found


def fate(counts: Mapping[RowAction, int]) -> str:
    """Return what becomes of the contacts, to say which number must be typed."""
    return "be deleted" if set(counts) == {RowAction.DELETE} else "change"


def new_owner(plan: Plan) -> str:
    """Return the name of the owner who gets the contacts."""
    id = plan.operations.get("owner")
    if id is None:
        return "their former owners" if plan.undo_of_id else "other owners"
    found = Owner.objects.filter(installation=plan.installation_id, remote_id=id).first()
    return found.display_name if found is not None else "another owner"


def _verb(plan: Plan, action: RowAction) -> str:
    is_rename = plan.resource == Plan.Resource.GROUPS and action == RowAction.UPDATE
    return "rename" if is_rename else _VERBS[action]


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
