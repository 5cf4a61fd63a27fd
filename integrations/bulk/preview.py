"""A plan in words: its title, what it does, and each row before and after."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from integrations.bulk.models import Plan, PlanRow
from integrations.bulk.operations import FIELDS, Operations
from integrations.directory.models import ContactGroup


@dataclass(frozen=True)
class Change:
    """One value of a contact before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    """A row of a plan with what the page shows."""

    row: PlanRow
    name: str
    owner: str
    changes: list[Change]


def title_of(plan: Plan) -> str:
    """Return a short title, such as “Add to “Past clients””."""
    found = sentences_of(plan)
    return found[0] if len(found) == 1 else f"{found[0]} and {len(found) - 1} more"


def sentences_of(plan: Plan) -> list[str]:
    """Return what a plan does, one sentence for each kind of change."""
    if plan.undo_of_id is not None:
        return [f"Undo bulk edit {plan.undo_of_id}"]
    return Operations.from_json(plan.operations).sentences() or [f"Bulk edit {plan.pk}"]


def may_email(plan: Plan) -> bool:
    """Return whether campaigns may email people because of a plan: joining a group can start one."""
    return not plan.suppress_emails and bool(_joined_groups(plan))


def _joined_groups(plan: Plan) -> tuple[str, ...]:
    """Return the names of the groups that contacts may join. An undo puts back what its edit removed."""
    joins, undone = True, plan
    while undone.undo_of is not None:
        joins, undone = not joins, undone.undo_of
    operations = Operations.from_json(undone.operations)
    return operations.add_groups if joins else operations.remove_groups


def lines(plan: Plan, rows: Sequence[PlanRow], visible: Collection[int]) -> list[Line]:
    """Return rows with names and values before and after, as far as their contacts are among the ``visible`` ones."""
    ids = {id for row in rows for values in (row.before, row.after) for id in values.get("groups", [])}
    groups = ContactGroup.objects.filter(installation=plan.installation_id, remote_id__in=ids)
    names = dict(groups.values_list("remote_id", "name"))
    return [
        Line(row, "A contact that you can't see", "", [])
        if row.contact_id not in visible
        else Line(
            row,
            row.contact.display_name if row.contact else f"Contact {row.remote_id}",
            row.contact.owner.display_name if row.contact and row.contact.owner else "",
            _changes(row, names),
        )
        for row in rows
    ]


def _changes(row: PlanRow, names: dict[int, str]) -> list[Change]:
    before, after = row.before.get("fields", {}), row.after.get("fields", {})
    found = [
        Change(FIELDS[name][0], str(before.get(name) or ""), str(value or ""))
        for name, value in after.items()
        if str(before.get(name) or "") != str(value or "")
    ]
    earlier, later = set(row.before.get("groups", [])), set(row.after.get("groups", []))
    found += [Change("Group", "", names.get(id, f"Group {id}")) for id in sorted(later - earlier)]
    found += [Change("Group", names.get(id, f"Group {id}"), "") for id in sorted(earlier - later)]
    return found
