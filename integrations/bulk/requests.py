"""How the rows of plans are sent to Total Expert, and how to find out there what became of them."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from integrations import total_expert
from integrations.bulk.fields import FIELDS, custom_values_in, same_custom
from integrations.bulk.models import Plan, PlanRow, RowAction
from integrations.bulk.operations import fold
from integrations.total_expert import (
    Created,
    ReconnectRequired,
    Rejected,
    TotalExpertError,
    TryLater,
    custom_values,
)

CONCURRENCY = 4
#: The most contacts that are read to find one whose creation wasn't confirmed.
MOST_CANDIDATES = 200
#: What tells a new contact from others, in the order in which Total Expert looks for duplicates.
_IDENTITIES = ("external_id", "email", "phone_home", "phone_cell", "phone_office")


@dataclass(frozen=True)
class Answer:
    """What became of a request: an error, or the id of what was created, and whether it existed already."""

    error: TotalExpertError | None = None
    created: int | None = None
    is_duplicate: bool = False


def send(
    client: total_expert.Client, plan: Plan, rows: Sequence[PlanRow], *, as_user: bool
) -> Generator[tuple[PlanRow, Answer], None, None]:
    """Send rows, several at once. Yield each with its answer. Rows that are not yielded were never sent.

    With a person's connection, ``as_user``, Total Expert gives new records to that person. After TryLater or
    ReconnectRequired nothing more is sent. Iterate to the end.
    """
    must_stop = False
    for action in RowAction:
        chosen = {row.pk: row for row in rows if row.action == action}
        if must_stop or not chosen:
            continue
        for key, answer in _send_action(client, plan, action, list(chosen.values()), as_user):
            must_stop = must_stop or isinstance(answer.error, (TryLater, ReconnectRequired))
            yield chosen[key], answer


def _send_action(
    client: total_expert.Client, plan: Plan, action: RowAction, rows: list[PlanRow], as_user: bool
) -> Generator[tuple[int, Answer], None, None]:
    if plan.resource == Plan.Resource.GROUPS:
        yield from _send_groups(client, action, rows, as_user)
    elif action == RowAction.UPDATE:
        changes = {row.remote_id: row for row in rows}
        bodies = [(id, payload(plan, row)) for id, row in changes.items() if id is not None]
        for id, error in client.contacts.update_each(bodies, concurrency=CONCURRENCY):
            yield changes[id].pk, Answer(error)
    elif action == RowAction.DELETE:
        gone = {row.remote_id: row.pk for row in rows}
        for id, error in client.contacts.delete_each(
            [id for id in gone if id is not None], concurrency=CONCURRENCY
        ):
            yield gone[id], Answer(error)
    else:
        made = [(row.pk, payload(plan, row), None if as_user else {"id": row.after["owner"]}) for row in rows]
        for pk, result in client.contacts.create_each(made, concurrency=CONCURRENCY):
            yield pk, _created(result)


def _send_groups(
    client: total_expert.Client, action: RowAction, rows: list[PlanRow], as_user: bool
) -> Generator[tuple[int, Answer], None, None]:
    for row in rows:
        answer = Answer()
        try:
            if action == RowAction.CREATE:
                owner = None if as_user else {"id": row.after["owner"]}
                answer = _created(
                    client.contact_groups.create({"group_name": row.after["name"]}, owner=owner)
                )
            elif action == RowAction.UPDATE:
                assert row.remote_id is not None
                client.contact_groups.update(row.remote_id, {"group_name": row.after["name"]})
            else:
                assert row.remote_id is not None
                client.contact_groups.delete(row.remote_id)
        except TotalExpertError as error:
            answer = Answer(error)
        yield row.pk, answer
        if isinstance(answer.error, (TryLater, ReconnectRequired)):
            return


def _created(result: "Created[int] | TotalExpertError") -> Answer:
    if isinstance(result, TotalExpertError):
        return Answer(result)
    return Answer(None, result.id, result.duplicate)


def payload(plan: Plan, row: PlanRow) -> dict[str, Any]:
    """Return the properties to send for a contact, as Total Expert takes them."""
    sent: dict[str, Any] = {"id": row.remote_id} if row.action == RowAction.TRANSFER else {}
    fields = row.before.get("fields", {})
    for name, value in row.after.get("fields", {}).items():
        if name not in fields or not FIELDS[name].same(value, fields[name]):
            FIELDS[name].put(sent, value)
    custom = row.before.get("custom", {})
    changed = {
        name: value for name, value in row.after.get("custom", {}).items() if value != custom.get(name)
    }
    if changed:
        sent["custom"] = custom_values(changed)
    before, after = set(row.before.get("groups", [])), set(row.after.get("groups", []))
    if row.action == RowAction.TRANSFER:  # Total Expert moves it to the new owner's groups of the same names
        before, after = set(), set(row.after.get("rejoin", []))
    if joined := sorted(after - before):
        sent["contact_groups"] = [{"id": id} for id in joined]
    if left := sorted(before - after):
        sent["remove_contact_groups"] = [{"id": id} for id in left]
    if plan.suppress_emails:
        sent["options"] = {"suppress_emails": True}
    return sent


def find_result(client: total_expert.Client, plan: Plan, row: PlanRow) -> Answer | None:
    """Return what became of a row, if what it does is there, or else None. Raise the client's errors.

    A contact or group to change that doesn't exist raises Rejected with the code "not_found".
    """
    is_of_groups = plan.resource == Plan.Resource.GROUPS
    if row.action == RowAction.CREATE:
        return _find_group(client, row) if is_of_groups else _find_contact(client, plan, row)
    assert row.remote_id is not None
    resource: Any = client.contact_groups if is_of_groups else client.contacts
    try:
        record = resource.get(row.remote_id)
    except Rejected as refused:
        if refused.code == "not_found" and row.action == RowAction.DELETE:
            return Answer()
        raise
    if row.action == RowAction.DELETE:
        return None
    is_there = record.group_name == row.after["name"] if is_of_groups else _matches(row, record)
    return Answer() if is_there else None


def _matches(row: PlanRow, contact: total_expert.Contact) -> bool:
    after, raw = row.after, contact.raw
    groups = {group.id for group in contact.contact_groups}
    touched = set(row.before.get("groups", [])) | set(after.get("groups", []))
    has_groups = groups & touched == set(after.get("groups", []))
    if row.action == RowAction.CREATE:
        has_groups = set(after.get("groups", [])) <= groups
    custom = custom_values_in(raw)
    return (
        has_groups
        and all(
            FIELDS[name].same(FIELDS[name].value_in(raw), value)
            for name, value in after.get("fields", {}).items()
        )
        and all(same_custom(custom.get(name), value) for name, value in after.get("custom", {}).items())
        and (
            row.action != RowAction.TRANSFER
            or (contact.owner is not None and contact.owner.id == after["owner"])
        )
    )


def _find_contact(client: total_expert.Client, plan: Plan, row: PlanRow) -> Answer | None:
    """Return the contact that a row created, or changed because it existed, or None if there is none.

    One that may be older than the edit counts as existing: an undo must not delete it.
    """
    fields: Mapping[str, Any] = row.after["fields"]
    filter = {name: fields[name] for name in ("first_name", "last_name") if fields.get(name)}
    filter |= next(({name: fields[name]} for name in _IDENTITIES if fields.get(name)), {})
    filter = {name: value for name, value in filter.items() if not set("=,") & set(str(value))}
    candidates = client.contacts.all(filter=filter, sort="-internal_updated_at", prefetch=0)
    try:
        for contact in islice(candidates, MOST_CANDIDATES):
            own = contact.owner is None or row.after.get("owner") in (None, contact.owner.id)
            if own and _matches(row, contact):
                made = contact.internal_created_at
                is_new = made is not None and plan.applied_at is not None and made >= plan.applied_at
                return Answer(None, contact.id, not is_new)
    finally:
        candidates.close()
    return None


def _find_group(client: total_expert.Client, row: PlanRow) -> Answer | None:
    for group in client.contact_groups.all():
        own = group.owner is None or group.owner.id == row.after.get("owner")
        if own and fold(group.group_name) == fold(row.after["name"]):
            return Answer(None, group.id)
    return None
