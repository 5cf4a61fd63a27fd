"""The plan that undoes another one, from what it noted before it changed each contact."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from integrations.bulk import planning
from integrations.bulk.building import NO_ADMIN, NO_WRITER
from integrations.bulk.fields import FIELDS, Kind, custom_values_in, grants_consent, same_custom
from integrations.bulk.models import Plan, PlanRow, RowAction, RowState
from integrations.bulk.synced import require_results
from integrations.bulk.writers import Writers
from integrations.directory.models import Contact, ContactGroup, Membership
from portal.core import clock

CHUNK = 500
CHANGED = "The contact was changed after the edit, so it is left as it is."
GONE = "The contact no longer exists."
DELETED = "A deleted contact can't be restored."
EXISTED = "Total Expert updated a contact that existed already. What it was before isn't known."
CLEARED = "The values before the edit are no longer kept."
NO_YEAR = "Total Expert doesn't return the year of a birthday, so it can't be put back."
#: What puts back what an action did.
INVERSE = {
    RowAction.UPDATE: RowAction.UPDATE,
    RowAction.TRANSFER: RowAction.TRANSFER,
    RowAction.CREATE: RowAction.DELETE,
}


def build(plan: Plan, *, has_time: Callable[[], bool], saved: Callable[[int, int], None]) -> bool:
    """Write the rows that put back what ``plan.undo_of`` changed. Return whether the plan is built. See `planning.build`.

    Raise TryLater until the synced copy shows the results of that plan.
    """
    undone = plan.undo_of
    assert undone is not None and plan.created_by is not None
    done = undone.rows.filter(state=RowState.DONE)
    require_results(plan, done)
    writers, total = Writers(plan.installation, plan.created_by), done.count()
    built = plan.rows.count()
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
    contacts = _contacts(plan, chunk)
    names = _group_names(plan, chunk)
    by_contact = writers.of([contact.pk for contact in contacts.values()])
    groups = _groups(list(contacts.values()))
    rows = []
    for row in chunk:
        contact = contacts.get(row.remote_id or 0)
        action = INVERSE.get(RowAction(row.action))
        made = PlanRow(
            plan=plan,
            number=row.number,
            contact=contact,
            remote_id=row.remote_id,
            action=action or row.action,
            connection_id=by_contact.get(contact.pk) if contact is not None else None,
            state=RowState.PLANNED,
            before={} if action == RowAction.DELETE else row.after,
            after=_put_back(row, names),
            contact_digest=contact.digest if contact is not None else "",
        )
        if grants_consent(made.after.get("fields", {}), made.before.get("fields", {})):
            plan.grants_consent = True
        if reason := DELETED if action is None else _why_not(row, made, contact, groups, writers):
            made.settle(RowState.REFUSED, clock.now(), reason)
        rows.append(made)
    return rows


def _contacts(plan: Plan, rows: Sequence[PlanRow]) -> dict[int, Contact]:
    """Return the contacts of rows by remote id, among them those that the rows created."""
    ids = [row.remote_id for row in rows if row.remote_id is not None]
    found = Contact.objects.filter(installation=plan.installation, remote_id__in=ids)
    return {contact.remote_id: contact for contact in found.select_related("document", "owner")}


def _group_names(plan: Plan, rows: Sequence[PlanRow]) -> dict[int, str]:
    """Return the folded names of the groups of contacts that were given to another owner, by remote id."""
    transfers = [row for row in rows if row.action == RowAction.TRANSFER]
    ids = {id for row in transfers for values in (row.before, row.after) for id in values.get("groups", [])}
    groups = ContactGroup.objects.filter(installation=plan.installation, remote_id__in=ids)
    return dict(groups.values_list("remote_id", "search"))


def _put_back(row: PlanRow, names: dict[int, str]) -> dict[str, Any]:
    """Return what the undo of a row sets. Groups that the other owner lacked are joined again one by one."""
    if row.action != RowAction.TRANSFER:
        return dict(row.before)
    kept = {names.get(id) for id in row.after.get("groups", [])}
    lost = [id for id in row.before.get("groups", []) if names.get(id) not in kept]
    return {**row.before, "rejoin": lost} if lost else dict(row.before)


def _groups(contacts: list[Contact]) -> dict[int, set[int]]:
    """Return the remote ids of each contact's groups."""
    found: dict[int, set[int]] = {contact.pk: set() for contact in contacts}
    members = Membership.objects.filter(contact__in=contacts).values_list("contact_id", "group__remote_id")
    for contact_id, remote_id in members:
        found[contact_id].add(remote_id)
    return found


def _why_not(
    row: PlanRow, made: PlanRow, contact: Contact | None, groups: dict[int, set[int]], writers: Writers
) -> str:
    """Return why a row can't be undone, or ""."""
    if row.action == RowAction.CREATE and row.remote_id is None:
        return EXISTED
    if contact is None or contact.gone_at is not None:
        return GONE
    if made.connection_id is None:
        return NO_WRITER
    if not row.after:
        return CLEARED
    if row.action == RowAction.TRANSFER and writers.admin is None:
        return NO_ADMIN
    if any(FIELDS[name].kind is Kind.BIRTHDAY for name in row.after.get("fields", {})) and row.before:
        return NO_YEAR
    return "" if _is_as_left(row, contact, groups[contact.pk]) else CHANGED


def _is_as_left(row: PlanRow, contact: Contact, groups: set[int]) -> bool:
    """Return whether a contact has the values that a row gave it."""
    after, raw = row.after, contact.document.raw
    touched = set(row.before.get("groups", [])) | set(after.get("groups", []))
    custom = custom_values_in(raw)
    if row.action == RowAction.CREATE and _has_more(after, raw, custom, groups):
        return False
    return (
        groups & touched == set(after.get("groups", []))
        and all(
            FIELDS[name].same(FIELDS[name].value_in(raw), value)
            for name, value in after.get("fields", {}).items()
        )
        and all(same_custom(custom.get(name), value) for name, value in after.get("custom", {}).items())
        and (
            "owner" not in after or (contact.owner is not None and contact.owner.remote_id == after["owner"])
        )
    )


def _has_more(
    after: Mapping[str, Any], raw: Mapping[str, Any], custom: Mapping[str, Any], groups: set[int]
) -> bool:
    """Return whether a contact has got more since it was created. Deleting it would lose what others added."""
    texts = [field for field in FIELDS.values() if field.kind is not Kind.FLAG]
    return (
        any(field.value_in(raw) and field.name not in after.get("fields", {}) for field in texts)
        or any(value is not None and name not in after.get("custom", {}) for name, value in custom.items())
        or bool(groups - set(after.get("groups", [])))
    )
