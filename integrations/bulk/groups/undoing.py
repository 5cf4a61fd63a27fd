"""The plan that undoes an edit of groups: it deletes what was created and puts back names."""

from collections.abc import Callable, Sequence
from functools import partial

from integrations.bulk import planning
from integrations.bulk.groups import rules
from integrations.bulk.models import Plan, PlanRow, RowAction, RowState
from integrations.bulk.synced import require_results
from integrations.bulk.writers import Writers
from integrations.directory.models import ContactGroup, Membership
from portal.core import clock

CHUNK = 500
DELETED = "A deleted group can't be restored with its members."
EXISTED = "The group existed before the edit, so it is left as it is."
RENAMED = "The group was renamed after the edit, so it is left as it is."
GONE = "The group no longer exists."


def build(plan: Plan, *, has_time: Callable[[], bool], saved: Callable[[int, int], None]) -> bool:
    """Write the rows that put back what ``plan.undo_of`` changed. Return whether the plan is built. See `undoing.build`."""
    undone = plan.undo_of
    assert undone is not None and plan.created_by is not None
    done = undone.rows.filter(state=RowState.DONE)
    require_results(plan, done)
    writers, total, built = Writers(plan.installation, plan.created_by), done.count(), plan.rows.count()
    while has_time():
        chunk = list(done.filter(number__gt=plan.built_until).order_by("number")[:CHUNK])
        if not chunk:
            return planning.finish(plan)
        rows = _rows(plan, chunk, writers)
        built += len(rows)
        if not planning.store(plan, rows, until=chunk[-1].number, saved=partial(saved, built, total)):
            return True
    return False


def _rows(plan: Plan, chunk: Sequence[PlanRow], writers: Writers) -> list[PlanRow]:
    ids = [row.remote_id for row in chunk if row.remote_id is not None]
    groups = ContactGroup.objects.filter(installation=plan.installation, remote_id__in=ids, gone_at=None)
    found = {group.remote_id: group for group in groups.select_related("owner")}
    members = Membership.objects.filter(group__in=found.values()).order_by()
    filled = set(members.values_list("group", flat=True).distinct())
    senders = writers.for_owners({group.owner_id for group in found.values()})
    required = rules.required_names(plan.installation)
    made = []
    for row in chunk:
        group = found.get(row.remote_id or 0)
        undo = PlanRow(
            plan=plan,
            number=row.number,
            remote_id=row.remote_id,
            action=RowAction.UPDATE if row.action == RowAction.UPDATE else RowAction.DELETE,
            connection_id=senders.get(group.owner_id) if group is not None else None,
            state=RowState.PLANNED,
            before=row.after,
            after=row.before,
        )
        if reason := _why_not(row, undo, group, filled) or (rules.why_not(group, required) if group else ""):
            undo.settle(RowState.REFUSED, clock.now(), reason)
        made.append(undo)
    return made


def _why_not(row: PlanRow, undo: PlanRow, group: ContactGroup | None, filled: set[int]) -> str:
    """Return why a row can't be undone, or ""."""
    if row.action == RowAction.DELETE:
        return DELETED
    if row.remote_id is None:
        return EXISTED
    if group is None:
        return GONE
    if group.name != row.after["name"]:
        return RENAMED
    if row.action == RowAction.CREATE and group.pk in filled:
        return rules.HAS_MEMBERS
    return rules.NO_WRITER if undo.connection_id is None else ""
