"""Looking at the synced groups once more, after recent changes were read and before rows are sent."""

import datetime as dt
from collections.abc import Sequence

from integrations.bulk.groups import rules
from integrations.bulk.models import Plan, PlanRow, RowAction, RowState
from integrations.directory.models import ContactGroup, Membership
from portal.core import search_text


class Checks:
    """What is known by now about the groups of some rows of a plan."""

    def __init__(self, plan: Plan, rows: Sequence[PlanRow]) -> None:
        self._plan = plan
        ids = [row.remote_id for row in rows if row.remote_id is not None]
        present = ContactGroup.objects.filter(installation=plan.installation_id, gone_at=None)
        self._groups = {group.remote_id: group for group in present.filter(remote_id__in=ids)}
        names = {search_text.fold(row.after["name"]) for row in rows if row.after.get("name")}
        same = present.filter(search__in=names).values_list("owner__remote_id", "search", "remote_id")
        self._named = {(owner, name): id for owner, name, id in same if owner is not None}
        self._required = rules.required_names(plan.installation)
        self._changed = self._changed_by_others(ids)
        self._filled: set[int] = set()
        if plan.undo_of_id is not None:  # what an edit created is deleted only while it is empty
            members = Membership.objects.filter(group__in=[group.pk for group in self._groups.values()])
            self._filled = set(members.order_by().values_list("group", flat=True).distinct())

    def _changed_by_others(self, ids: Sequence[int]) -> set[int | None]:
        """Return the groups that another plan changed since this one was made."""
        plans = Plan.objects.filter(installation=self._plan.installation_id, resource=Plan.Resource.GROUPS)
        rows = PlanRow.objects.filter(plan__in=plans.exclude(pk=self._plan.pk), remote_id__in=ids)
        found = rows.filter(state__in=[RowState.SENDING, RowState.DONE])
        return {
            id
            for id, at in found.values_list("remote_id", "finished_at")
            if at is None or at > self._plan.created_at
        }

    def mark(self, row: PlanRow, at: dt.datetime) -> None:
        """Mark a row as being sent, or settle it with the reason why it isn't."""
        name = search_text.fold(row.after.get("name", ""))
        same = self._named.get((row.after.get("owner"), name))
        if row.action == RowAction.CREATE:
            if same is not None:
                row.settle(RowState.UNCHANGED, at, rules.CREATED_MEANWHILE)
            else:
                row.state = RowState.SENDING
            return
        group = self._groups.get(row.remote_id or 0)
        if group is None:
            row.settle(RowState.FAILED, at, rules.GONE)
        elif group.name != row.before["name"]:
            row.settle(RowState.SET_ASIDE, at, rules.RENAMED)
        elif row.remote_id in self._changed:
            row.settle(RowState.SET_ASIDE, at, rules.CHANGED_HERE)
        elif reason := self._why_not(row, group, same):
            row.settle(RowState.REFUSED, at, reason)
        else:
            row.state = RowState.SENDING

    def _why_not(self, row: PlanRow, group: ContactGroup, same: int | None) -> str:
        if row.action == RowAction.DELETE and group.pk in self._filled:
            return rules.HAS_MEMBERS
        if row.action == RowAction.UPDATE and same not in (None, row.remote_id):
            return rules.taken(None)
        return rules.why_not(group, self._required)
