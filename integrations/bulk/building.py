"""The rows of a plan: what changes about each chosen contact, or why nothing does."""

import uuid
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Q

from integrations.bulk.fields import FIELDS, custom_values_in, same_custom
from integrations.bulk.models import Plan, PlanRow, RowAction, RowState
from integrations.bulk.operations import Operations, fold
from integrations.bulk.writers import Writers
from integrations.directory.browse import shown_fields
from integrations.directory.models import ContactGroup, ContactQuerySet, Membership, Owner
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations.roles import Capability

HIDDEN = "Your connection doesn't show this field of the contact, so it can't be changed here."
NO_WRITER = "No working connection can change this contact."
NO_ADMIN = "Only an admin connection can give contacts to another owner."


class Source(NamedTuple):
    """What rows are made of: the columns of a contact that are read for each of them."""

    pk: int
    remote_id: int
    owner_id: int | None
    digest: str
    as_admin: bool
    raw: dict[str, Any]
    shown: list[str] | None


def sources(contacts: ContactQuerySet, *, after: int, limit: int) -> list[Source]:
    """Return what the rows of the next contacts are made of, by primary key. Reads no more: plans can have many contacts."""
    columns = ("pk", "remote_id", "owner_id", "digest", "as_admin", "document__raw", "document__shown")
    rows = contacts.filter(pk__gt=after, document__isnull=False).order_by("pk")
    return [Source(*row) for row in rows.values_list(*columns)[:limit]]


class GroupsByOwner:
    """The groups with some names, or all, by owner and folded name.

    An owner may have several groups of a name, such as "VIP" and "vip".
    """

    def __init__(self, plan: Plan, names: Sequence[str] | None) -> None:
        groups = ContactGroup.objects.filter(installation=plan.installation, gone_at=None)
        if names is not None:
            groups = groups.filter(search__in=[fold(name) for name in names])
        self.by_pk = {group.pk: group for group in groups.order_by("pk")}
        self._alike: dict[tuple[int | None, str], list[ContactGroup]] = {}
        for group in self.by_pk.values():
            self._alike.setdefault((group.owner_id, group.search), []).append(group)

    def find(self, owner: int | None, name: str) -> ContactGroup | None:
        """Return the group of an owner that has this name, preferably in this spelling and editable."""
        found = self.all(owner, name)
        return min(found, key=lambda each: (each.name != name, each.user_editable is False), default=None)

    def all(self, owner: int | None, name: str) -> list[ContactGroup]:
        """Return all groups of an owner that have this name, in whatever spelling."""
        return self._alike.get((owner, fold(name)), [])

    def of(self, contacts: Sequence[Source]) -> dict[int, set[int]]:
        """Return the primary keys of the groups among these that each contact is in, by its own."""
        pks = [contact.pk for contact in contacts]
        members = Membership.objects.filter(contact__in=pks)
        present: dict[int, set[int]] = {}
        for contact, group in members.values_list("contact_id", "group_id"):
            if group in self.by_pk:
                present.setdefault(contact, set()).add(group)
        return present


class Builder:
    """Makes the rows of a plan, chunk by chunk. ``number`` is the number of the last row."""

    def __init__(self, plan: Plan) -> None:
        assert plan.created_by is not None
        self._plan = plan
        self._operations = Operations.from_json(plan.operations)
        self._writers = Writers(plan.installation, plan.created_by)
        self._sees_all = plan.installation.organization.allows(plan.created_by, Capability.OVERVIEW)
        self._needs_groups = bool(self._operations.group_names) or self._operations.groups is not None
        self._needs_all = self._operations.groups is not None or self._operations.owner is not None
        names = None if self._needs_all else self._operations.group_names
        self._groups = GroupsByOwner(plan, names) if self._needs_groups or self._needs_all else None
        self._owner = self._new_owner()
        self.number = plan.rows.count()

    def rows(self, contacts: Sequence[Source]) -> list[PlanRow]:
        """Return the rows of these contacts, each with its outcome or its reason."""
        writers = self._writers.of([contact.pk for contact in contacts])
        present = self._groups.of(contacts) if self._groups else {}
        return [self._row(each, present.get(each.pk, set()), writers.get(each.pk)) for each in contacts]

    def _new_owner(self) -> Owner | None:
        if self._operations.owner is None:
            return None
        rows = Owner.objects.filter(installation=self._plan.installation, remote_id=self._operations.owner)
        found = rows.filter(~Q(is_active=False)).first()
        if found is None:
            raise Refused("The new owner no longer exists, or isn't active.")
        return found

    def _row(self, contact: Source, present: set[int], connection: uuid.UUID | None) -> PlanRow:
        self.number += 1
        row = PlanRow(
            plan=self._plan,
            number=self.number,
            contact_id=contact.pk,
            remote_id=contact.remote_id,
            connection_id=connection,
            state=RowState.PLANNED,
            contact_digest=contact.digest,
        )
        try:
            if connection is None:
                raise Refused(NO_WRITER)
            self._change(row, contact, present)
        except Refused as refused:
            row.before, row.after = {}, {}
            row.settle(RowState.REFUSED, clock.now(), str(refused))
        else:
            if row.action != RowAction.DELETE and row.before == row.after:
                row.settle(RowState.UNCHANGED, clock.now())
        return row

    def _change(self, row: PlanRow, contact: Source, present: set[int]) -> None:
        """Set what the row does. Raise Refused if that is not possible."""
        if self._operations.delete:
            row.action = RowAction.DELETE
        elif self._owner is not None:
            self._transfer(row, contact, present, self._owner)
        else:
            if self._needs_groups:
                self._change_groups(row, contact, present)
            self._change_values(row, contact)

    def _change_groups(self, row: PlanRow, contact: Source, present: set[int]) -> None:
        assert self._groups is not None
        groups, operations = self._groups, self._operations
        wanted = operations.groups if operations.groups is not None else operations.add_groups
        added = {self._editable(contact, name).remote_id for name in wanted}
        if operations.groups is None:
            found = (
                group for name in operations.remove_groups for group in groups.all(contact.owner_id, name)
            )
            removed = {group.remote_id for group in found}
        else:
            own = (groups.by_pk[pk] for pk in present)
            removed = {group.remote_id for group in own if group.user_editable is not False} - added
        before = {groups.by_pk[pk].remote_id for pk in present} & (added | removed)
        row.before["groups"] = sorted(before)
        row.after["groups"] = sorted((before | added) - removed)

    def _editable(self, contact: Source, name: str) -> ContactGroup:
        assert self._groups is not None
        group = self._groups.find(contact.owner_id, name)
        if group is None:
            raise Refused(f"The contact's owner has no group “{name}”.")
        if group.user_editable is False:
            raise Refused(f"Total Expert doesn't allow changes to the group “{name}”.")
        return group

    def _change_values(self, row: PlanRow, contact: Source) -> None:
        fields = {**self._operations.fields, **{each.field: None for each in self._operations.replacements}}
        custom = self._operations.custom
        if not fields and not custom:
            return
        record = contact.raw
        if contact.as_admin and not self._sees_all:
            record = shown_fields.only(contact.raw, contact.shown or ())
        before = {name: FIELDS[name].value_in(record) for name in fields}
        custom_before, all_custom = custom_values_in(record), custom_values_in(contact.raw)
        if any(FIELDS[name].value_in(contact.raw) != value for name, value in before.items()) or any(
            all_custom.get(name) != custom_before.get(name) for name in custom
        ):
            raise Refused(HIDDEN)  # an undo could not put back what its author can't see
        after = dict(self._operations.fields)
        for each in self._operations.replacements:
            old = before[each.field]
            changed = str(old or "").replace(each.find, each.replace)
            after[each.field] = old if changed == str(old or "") else FIELDS[each.field].clean(changed)
        if before:
            row.before["fields"] = before
            row.after["fields"] = {
                name: before[name] if FIELDS[name].same(before[name], value) else value
                for name, value in after.items()
            }
        if custom:
            row.before["custom"] = {name: custom_before.get(name) for name in custom}
            row.after["custom"] = {
                name: row.before["custom"][name] if same_custom(row.before["custom"][name], value) else value
                for name, value in custom.items()
            }

    def _transfer(self, row: PlanRow, contact: Source, present: set[int], owner: Owner) -> None:
        """Give a contact to another owner. Total Expert moves it to the groups of the same names that the owner has."""
        assert self._groups is not None
        if self._writers.admin is None:
            raise Refused(NO_ADMIN)
        if contact.owner_id is None:
            raise Refused("The contact's present owner isn't known, so this couldn't be undone.")
        if contact.owner_id == owner.pk:
            return
        groups = [self._groups.by_pk[pk] for pk in present]
        matching = (self._groups.find(owner.pk, group.name) for group in groups)
        row.action = RowAction.TRANSFER
        row.before = {
            "owner": self._owner_ids[contact.owner_id],
            "groups": sorted(g.remote_id for g in groups),
        }
        row.after = {
            "owner": owner.remote_id,
            "groups": sorted(g.remote_id for g in matching if g is not None),
        }

    @cached_property
    def _owner_ids(self) -> dict[int, int]:
        rows = Owner.objects.filter(installation=self._plan.installation)
        return dict(rows.values_list("pk", "remote_id"))
