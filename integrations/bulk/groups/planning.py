"""Making plans that create, rename or delete groups. Each row is one owner's group.

A plan of up to `AT_ONCE` rows is ready when it is returned. The job that prepares bulk edits fills larger ones.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.bulk import jobs, planning
from integrations.bulk.groups import rules
from integrations.bulk.groups.edits import GroupEdit, GroupVerb, clean_name
from integrations.bulk.models import Plan, PlanRow, RowAction, RowState
from integrations.bulk.writers import Writers
from integrations.connections.models import Installation
from integrations.directory.browse import required
from integrations.directory.models import ContactGroup, Owner
from portal.accounts.models import User
from portal.core import clock, search_text
from portal.core.errors import Refused
from portal.organizations.roles import Capability

AT_ONCE = 200
CHUNK = 500
DELETING = "Your role doesn't allow deleting groups."
EDITING = "Your role doesn't allow changing groups."


def create(
    *, installation: Installation, name: str, actor: User, owners: Iterable[Owner] | None = None
) -> Plan:
    """Plan a group called ``name`` for these owners, or for all who lack one. Return the plan. Raise Refused."""
    edit = GroupEdit(GroupVerb.CREATE, clean_name(name))
    chosen = None if owners is None else sorted({owner.pk for owner in owners})
    return _make(installation, edit, {"owners": chosen}, actor)


def rename(*, installation: Installation, groups: Sequence[ContactGroup], new_name: str, actor: User) -> Plan:
    """Plan another name for these groups, which are called alike. Return the plan. Raise Refused."""
    edit = GroupEdit(GroupVerb.RENAME, _name_of(groups), clean_name(new_name))
    return _make(installation, edit, {"groups": _keys(groups, installation)}, actor)


def delete(*, installation: Installation, groups: Sequence[ContactGroup], actor: User) -> Plan:
    """Plan to delete these groups, which are called alike. Their contacts stay. Return the plan. Raise Refused."""
    edit = GroupEdit(GroupVerb.DELETE, _name_of(groups))
    return _make(installation, edit, {"groups": _keys(groups, installation)}, actor)


def _name_of(groups: Sequence[ContactGroup]) -> str:
    if not groups:
        raise Refused("The group no longer exists.")
    return groups[0].name


def _keys(groups: Sequence[ContactGroup], installation: Installation) -> list[int]:
    required_now = rules.required_names(installation)
    if any(group.search in required_now for group in groups):
        raise Refused(rules.REQUIRED)
    return sorted(group.pk for group in groups if group.installation_id == installation.pk)


def _make(installation: Installation, edit: GroupEdit, selection: dict[str, Any], actor: User) -> Plan:
    may_delete = installation.organization.allows(actor, Capability.EDIT_MANY)
    if edit.verb is GroupVerb.DELETE and not may_delete:
        raise Refused(DELETING)
    if not installation.organization.allows(actor, Capability.EDIT):
        raise Refused(EDITING)
    with transaction.atomic():
        plan = planning.record(
            installation=installation,
            actor=actor,
            resource=Plan.Resource.GROUPS,
            operations=edit.to_json(),
            selection=selection,
        )
        if Builder(plan).total <= AT_ONCE:
            build(plan, has_time=lambda: True, saved=lambda done, total: None)
            plan.refresh_from_db()
        else:
            jobs.start_building(plan, actor)
    return plan


def build(plan: Plan, *, has_time: Callable[[], bool], saved: Callable[[int, int], None]) -> bool:
    """Write the rows of the next owners. Return whether the plan is built. Raise Refused. See `bulk.planning.build`."""
    builder = Builder(plan)
    while has_time():
        until, rows = builder.next_rows()
        if not rows:
            if not builder.number:
                raise Refused(builder.nothing)
            return planning.finish(plan)
        if not planning.store(plan, rows, until=until, saved=lambda: saved(builder.number, builder.total)):
            return True
    return False


class Builder:
    """Makes the rows of a plan, chunk by chunk. ``number`` is the number of the last row."""

    def __init__(self, plan: Plan) -> None:
        assert plan.created_by is not None
        self._plan, self._edit = plan, GroupEdit.from_json(plan.operations)
        self._writers = Writers(plan.installation, plan.created_by)
        self._required = rules.required_names(plan.installation)
        self._folded = search_text.fold(self._edit.new_name or self._edit.name)
        same = required.groups_named(self._folded, plan.installation)
        self._named = {owner: pk for owner, pk in same.values_list("owner", "pk") if owner is not None}
        self._chosen: QuerySet[Any] = (
            self._owners() if self._edit.verb is GroupVerb.CREATE else self._groups()
        ).order_by("pk")
        self.total = self._chosen.count()
        self.number = plan.rows.count()

    @property
    def nothing(self) -> str:
        """Return why there is no row."""
        if self._edit.verb is GroupVerb.CREATE:
            return "Every owner has a group of this name already, or their groups aren't known."
        return "The group no longer exists."

    def _owners(self) -> "QuerySet[Owner]":
        """Return the chosen owners, or all active ones who lack the group as far as their groups are known."""
        owners = Owner.objects.filter(installation=self._plan.installation)
        keys = self._plan.selection.get("owners")
        if keys is not None:
            return owners.filter(pk__in=keys)
        known = required.checked_owners(self._plan.installation).filter(~Q(is_active=False))
        if self._writers.admin is None:
            known = known.filter(pk__in=self._writers.of_owners())
        same = required.groups_named(self._folded, self._plan.installation)
        return owners.filter(pk__in=known.values("pk")).exclude(Exists(same.filter(owner=OuterRef("pk"))))

    def _groups(self) -> "QuerySet[ContactGroup]":
        rows = ContactGroup.objects.filter(installation=self._plan.installation, gone_at=None)
        return rows.filter(pk__in=self._plan.selection.get("groups", [])).select_related("owner")

    def next_rows(self) -> tuple[int, list[PlanRow]]:
        """Return the rows of the next owners or groups, and the key of the last one."""
        chunk = list(self._chosen.filter(pk__gt=self._plan.built_until)[:CHUNK])
        if not chunk:
            return self._plan.built_until, []
        writers = self._writers.for_owners(
            {each.pk if isinstance(each, Owner) else each.owner_id for each in chunk}
        )
        rows = []
        for each in chunk:
            self.number += 1
            owner = each if isinstance(each, Owner) else each.owner
            row = PlanRow(
                plan=self._plan,
                number=self.number,
                connection_id=writers.get(owner.pk if owner else None),
                state=RowState.PLANNED,
            )
            reason = (
                self._create(row, each) if isinstance(each, Owner) else self._change(row, each, owner)
            ) or (rules.NO_WRITER if row.connection_id is None else "")
            if reason:
                row.settle(RowState.REFUSED, clock.now(), reason)
            elif row.before == row.after:
                row.settle(RowState.UNCHANGED, clock.now())
            rows.append(row)
        return chunk[-1].pk, rows

    def _create(self, row: PlanRow, owner: Owner) -> str:
        row.action = RowAction.CREATE
        row.after = {"name": self._edit.name, "owner": owner.remote_id}
        if owner.is_active is False:
            return rules.INACTIVE
        return rules.taken(owner) if owner.pk in self._named else ""

    def _change(self, row: PlanRow, group: ContactGroup, owner: Owner | None) -> str:
        row.remote_id = group.remote_id
        row.before = {"name": group.name, "owner": owner.remote_id if owner else None}
        if self._edit.verb is GroupVerb.DELETE:
            row.action = RowAction.DELETE
            return rules.why_not(group, self._required)
        row.after = {**row.before, "name": self._edit.new_name}
        if owner is not None and self._named.setdefault(owner.pk, group.pk) != group.pk:
            return rules.taken(owner)
        return rules.why_not(group, self._required)
