"""A plan in words: its title, what it does, and each row before and after."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.bulk import conflicts
from integrations.bulk.fields import FIELDS, same_custom
from integrations.bulk.files import plans as file_plans
from integrations.bulk.groups.edits import GroupEdit
from integrations.bulk.models import Plan, PlanRow, RowAction, RowState
from integrations.bulk.operations import Operations, fold
from integrations.directory.models import ContactGroup, Owner


@dataclass(frozen=True)
class Change:
    """One value of a contact before and after."""

    label: str
    before: str
    after: str
    #: The value at Total Expert, where it changed since the plan. None: it is the value before.
    now: str | None = None


@dataclass(frozen=True)
class Line:
    """A row of a plan with what the page shows."""

    row: PlanRow
    name: str
    owner: str
    changes: list[Change]
    is_visible: bool = True


def title_of(plan: Plan) -> str:
    """Return a short title, such as “Add to “Past clients””."""
    found = sentences_of(plan)
    return found[0] if len(found) == 1 or plan.is_import else f"{found[0]} and {len(found) - 1} more"


def sentences_of(plan: Plan) -> list[str]:
    """Return what a plan does, one sentence for each kind of change."""
    undoes = plan.undo_of_id or plan.operations.get("undoes")
    if undoes is not None:
        return [f"Undo bulk edit {undoes}"]
    if plan.resource == Plan.Resource.GROUPS:
        return [GroupEdit.from_json(plan.operations).sentence]
    if plan.is_import:
        return file_plans.sentences_of(plan)
    if plan.operations.get("creates"):
        return ["Create a contact"]
    return Operations.from_json(plan.operations).sentences() or [f"Bulk edit {plan.pk}"]


def may_email(plan: Plan) -> bool:
    """Return whether campaigns may email people because of a plan: joining a group can start one."""
    return plan.joins_groups and not plan.suppress_emails


def lines(plan: Plan, rows: Sequence[PlanRow], visible: Collection[int]) -> list[Line]:
    """Return rows with names and values before and after, as far as their contacts are among the ``visible`` ones."""
    current = {
        row.pk: conflicts.current(row)
        for row in rows
        if row.state == RowState.SET_ASIDE and row.contact is not None and row.contact_id in visible
    }
    names = _Names(plan, [*current.values(), *(values for row in rows for values in (row.before, row.after))])
    return [
        Line(row, "A contact that you can't see", "", [], is_visible=False)
        if row.contact_id is not None and row.contact_id not in visible
        else Line(
            row,
            _name_of(row),
            _owner_of(plan, row, names),
            _changes(row, current.get(row.pk), names),
        )
        for row in rows
    ]


def _name_of(row: PlanRow) -> str:
    if row.contact is not None:
        return row.contact.display_name
    fields = row.after.get("fields", {})
    if name := row.after.get("name") or row.before.get("name"):
        return str(name)
    named = f"{fields.get('first_name') or ''} {fields.get('last_name') or ''}".strip()
    return named or (f"Contact {row.remote_id}" if row.remote_id is not None else f"Row {row.number}")


def _owner_of(plan: Plan, row: PlanRow, names: "_Names") -> str:
    if plan.resource == Plan.Resource.GROUPS:
        return names.owner(row.after.get("owner") or row.before.get("owner"))
    return row.contact.owner.display_name if row.contact and row.contact.owner else ""


def _text(value: object) -> str:
    return "" if value is None else str(value)


class _Names:
    """The names of the groups and owners that values of rows refer to."""

    def __init__(self, plan: Plan, values: Sequence[dict[str, Any]]) -> None:
        ids = {id for each in values for id in each.get("groups", [])}
        groups = ContactGroup.objects.filter(installation=plan.installation_id, remote_id__in=ids)
        self._groups = dict(groups.values_list("remote_id", "name"))
        owners = Owner.objects.filter(
            installation=plan.installation_id,
            remote_id__in={each["owner"] for each in values if each.get("owner")},
        )
        self._owners = {owner.remote_id: owner.display_name for owner in owners}

    def group(self, id: int) -> str:
        return self._groups.get(id, f"Group {id}")

    def folded(self, id: int) -> str:
        return fold(self.group(id))

    def owner(self, id: int | None) -> str:
        return "" if id is None else self._owners.get(id, f"User {id}")


def _changes(row: PlanRow, current: dict[str, Any] | None, names: _Names) -> list[Change]:
    """Return what changes. ``current`` has the present values where they are no longer those before."""
    before, after, now = row.before, row.after, current or {}
    found, is_group = [], "name" in after or "name" in before
    if is_group:
        found.append(Change("Name", str(before.get("name") or ""), str(after.get("name") or "")))
    if not is_group and after.get("owner") != before.get("owner"):
        there = names.owner(now["owner"]) if "owner" in now else None
        found.append(
            Change("Owner", names.owner(before.get("owner")), names.owner(after.get("owner")), there)
        )
    old, current_fields = before.get("fields", {}), now.get("fields")
    for name, value in after.get("fields", {}).items():
        known = FIELDS[name]
        if not known.same(old.get(name), value):
            there = None if current_fields is None else known.shown(current_fields.get(name))
            found.append(Change(known.label, known.shown(old.get(name)), known.shown(value), there))
    old, current_custom = before.get("custom", {}), now.get("custom")
    for name, value in after.get("custom", {}).items():
        if not same_custom(old.get(name), value):
            there = None if current_custom is None else _text(current_custom.get(name))
            found.append(Change(name, _text(old.get(name)), _text(value), there))
    return found + _group_changes(row, now.get("groups"), names)


def _group_changes(row: PlanRow, current: list[int] | None, names: _Names) -> list[Change]:
    """Return the groups that a contact joins and leaves. A new owner has groups of the same names, which don't count."""
    earlier, later = set(row.before.get("groups", [])), set(row.after.get("groups", []))
    if row.action == RowAction.TRANSFER:
        kept = {names.folded(id) for id in earlier} & {names.folded(id) for id in later}
        earlier, later = ({id for id in ids if names.folded(id) not in kept} for ids in (earlier, later))

    def there(id: int) -> str | None:
        return None if current is None else names.group(id) if id in current else ""

    joined = [Change("Group", "", names.group(id), there(id)) for id in sorted(later - earlier)]
    return joined + [Change("Group", names.group(id), "", there(id)) for id in sorted(earlier - later)]
