"""Rows that were set aside because their contacts changed: keep what is there, or send the planned values all the same."""

import hashlib
import json
from typing import Any

from django.db import transaction

from integrations.bulk import jobs, verbs
from integrations.bulk.fields import FIELDS, custom_values_in, grants_consent
from integrations.bulk.models import SENDING_STATES, SMALL, Plan, PlanRow, PlanState, RowAction, RowState
from integrations.directory.models import Membership
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock
from portal.core.errors import Refused

GONE = "The contact no longer exists, or no connection can change it."
CHANGED_AGAIN = "The contact has changed again since you looked at it. Look at its values once more."
DECIDED = "These contacts no longer wait for a decision."
#: The most contacts that can be overwritten at once. A request must not take longer.
MOST_AT_ONCE = 1000
KEPT = "Left as it is at Total Expert."


def keep(row: PlanRow, *, actor: User) -> None:
    """Leave a contact that changed as it is. Raise Refused if the row isn't set aside."""
    verbs.require(row.plan, actor, 1)
    with transaction.atomic():
        fields = {"state": RowState.UNCHANGED, "reason": KEPT, "finished_at": clock.now()}
        _move(row, actor, "kept", **fields)


def overwrite(row: PlanRow, *, actor: User, seen: str | None = None) -> None:
    """Send the planned values of a contact that changed, which overwrites the values that are there now. Raise Refused.

    ``seen`` is the digest of the contact that ``actor`` has looked at. If it has changed again, nothing is sent.
    """
    plan = row.plan
    verbs.require(plan, actor, 1)
    verbs.require_not_undone(plan)
    if seen is not None and (row.contact is None or seen != row.contact.digest):
        raise Refused(CHANGED_AGAIN)
    if not _is_there(row) or row.contact is None:
        raise Refused(GONE)
    before = _overwritten(row)
    with transaction.atomic():
        plan = Plan.objects.select_for_update().select_related("installation__organization").get(pk=plan.pk)
        fields = {"state": RowState.PLANNED, "reason": "", "finished_at": None, "resolved_at": clock.now()}
        _move(
            row,
            actor,
            "overwritten",
            **fields,
            before=before,
            contact_digest=row.contact.digest,
        )
        verbs.move(plan, [PlanState.APPLIED, *SENDING_STATES], _after(plan), actor)
        jobs.start_applying(plan, actor)


def keep_all(plan: Plan, *, actor: User) -> None:
    """Leave all contacts that changed as they are. Raise Refused."""
    rows = plan.rows.filter(state=RowState.SET_ASIDE)
    verbs.require(plan, actor, rows.count())
    with transaction.atomic():
        count = rows.update(state=RowState.UNCHANGED, reason=KEPT, finished_at=clock.now())
        if not count:
            raise Refused(DECIDED)
        organization = plan.installation.organization
        log.record("bulk.conflict_kept", actor=actor, organization=organization, target=plan, rows=count)


def overwrite_all(plan: Plan, *, actor: User, seen: str, typed_count: int | None = None) -> None:
    """Send the planned values of all contacts that changed and still exist, of up to `MOST_AT_ONCE`. Raise Refused.

    ``seen`` is the `fingerprint` of what ``actor`` has looked at. Above `SMALL` rows, and to delete, ``typed_count`` must be
    their number.
    """
    if plan.rows.filter(state=RowState.SET_ASIDE).count() > MOST_AT_ONCE:
        raise Refused(f"More than {MOST_AT_ONCE:,} contacts changed. Make a new edit of them instead.")
    rows = _set_aside(plan)
    verbs.require(plan, actor, len(rows))
    verbs.require_not_undone(plan)
    if seen != fingerprint(plan):
        raise Refused(CHANGED_AGAIN)
    if needs_count(plan, len(rows)) and typed_count != len(rows):
        raise Refused(f"Type the number of contacts to overwrite: {len(rows):,}.")
    chosen = [row for row in rows if _is_there(row)]
    if not chosen:
        raise Refused(GONE)
    for row in chosen:
        assert row.contact is not None
        row.state, row.reason, row.finished_at = RowState.PLANNED, "", None
        row.before, row.contact_digest, row.resolved_at = _overwritten(row), row.contact.digest, clock.now()
    fields = ["state", "reason", "finished_at", "before", "contact_digest", "resolved_at"]
    with transaction.atomic():
        plan = Plan.objects.select_for_update().select_related("installation__organization").get(pk=plan.pk)
        _save_all(plan, chosen, actor, fields)
        verbs.move(plan, [PlanState.APPLIED, *SENDING_STATES], _after(plan), actor)
        jobs.start_applying(plan, actor)


def needs_count(plan: Plan, count: int) -> bool:
    """Return whether the number of contacts must be typed to overwrite all of them."""
    return count > SMALL or plan.rows.filter(state=RowState.SET_ASIDE, action=RowAction.DELETE).exists()


def fingerprint(plan: Plan) -> str:
    """Return a hash of the contacts that wait for a decision, as they are now."""
    rows = plan.rows.filter(state=RowState.SET_ASIDE).order_by("number")
    text = json.dumps(list(rows.values_list("number", "contact__digest")))
    return hashlib.sha256(text.encode()).hexdigest()


def _set_aside(plan: Plan) -> list[PlanRow]:
    rows = plan.rows.filter(state=RowState.SET_ASIDE).select_related("contact__document", "contact__owner")
    return list(rows.order_by("number"))


def _is_there(row: PlanRow) -> bool:
    return row.contact is not None and row.contact.gone_at is None and row.connection_id is not None


def _save_all(plan: Plan, rows: list[PlanRow], actor: User, fields: list[str]) -> None:
    """Save decisions, unless someone else has decided about one of the rows meanwhile."""
    waiting = plan.rows.select_for_update().filter(state=RowState.SET_ASIDE, pk__in=[row.pk for row in rows])
    if len(rows) != len(waiting):
        raise Refused(DECIDED)
    PlanRow.objects.bulk_update(rows, fields, batch_size=500)
    organization, count = plan.installation.organization, len(rows)
    log.record("bulk.conflict_overwritten", actor=actor, organization=organization, target=plan, rows=count)


def _overwritten(row: PlanRow) -> dict[str, Any]:
    """Return the values that a row overwrites. Raise Refused if they are no longer kept, or if that grants a consent."""
    if not row.after and row.action != RowAction.DELETE:
        raise Refused("The values of this edit are no longer kept.")
    found = current(row)
    if grants_consent(row.after.get("fields", {}), found.get("fields", {})):
        raise Refused(
            "The contact may have withdrawn the consent since it was approved. Make a new edit with evidence."
        )
    return found


def current(row: PlanRow) -> dict[str, Any]:
    """Return the present values of what a row touches, as ``before`` has them."""
    contact = row.contact
    assert contact is not None
    raw, found = contact.document.raw, dict(row.before)
    if "fields" in found:
        found["fields"] = {name: FIELDS[name].value_in(raw) for name in row.after.get("fields", {})}
    if "custom" in found:
        custom = custom_values_in(raw)
        found["custom"] = {name: custom.get(name) for name in row.after.get("custom", {})}
    if "groups" in found:
        touched = set(row.before["groups"]) | set(row.after.get("groups", []))
        members = Membership.objects.filter(contact=contact, group__remote_id__in=touched)
        found["groups"] = sorted(members.values_list("group__remote_id", flat=True))
    if "owner" in found and contact.owner is not None:
        found["owner"] = contact.owner.remote_id
    return found


def _after(plan: Plan) -> PlanState:
    return PlanState.PILOT if plan.state == PlanState.PILOT else PlanState.APPLYING


def _move(row: PlanRow, actor: User, how: str, **fields: object) -> None:
    rows = PlanRow.objects.filter(pk=row.pk, state=RowState.SET_ASIDE)
    if not rows.update(**fields):
        raise Refused("This contact no longer waits for a decision.")
    organization = row.plan.installation.organization
    log.record(
        f"bulk.conflict_{how}", actor=actor, organization=organization, target=row.plan, row=row.number
    )
