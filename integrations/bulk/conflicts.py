"""Rows that were set aside because their contacts changed: keep what is there, or send the planned values all the same."""

from django.db import transaction

from integrations.bulk import jobs, verbs
from integrations.bulk.fields import FIELDS, custom_values_in
from integrations.bulk.models import SENDING_STATES, Plan, PlanRow, PlanState, RowState
from integrations.directory.models import Membership
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock
from portal.core.errors import Refused

KEPT = "Left as it is at Total Expert."


def keep(row: PlanRow, *, actor: User) -> None:
    """Leave a contact that changed as it is. Raise Refused if the row isn't set aside."""
    verbs.require(row.plan, actor, 1)
    with transaction.atomic():
        fields = {"state": RowState.UNCHANGED, "reason": KEPT, "finished_at": clock.now()}
        _move(row, actor, "bulk.conflict_kept", **fields)


def overwrite(row: PlanRow, *, actor: User) -> None:
    """Send the planned values of a contact that changed, which overwrites the values that are there now. Raise Refused."""
    plan = row.plan
    verbs.require(plan, actor, 1)
    if row.contact is None or row.contact.gone_at is not None or row.connection_id is None:
        raise Refused("The contact no longer exists, or no connection can change it.")
    before = current(row)
    with transaction.atomic():
        fields = {"state": RowState.PLANNED, "reason": "", "finished_at": None, "resolved_at": clock.now()}
        _move(
            row,
            actor,
            "bulk.conflict_overwritten",
            **fields,
            before=before,
            contact_digest=row.contact.digest,
        )
        verbs.move(plan, [PlanState.APPLIED, *SENDING_STATES], _after(plan), actor)
        jobs.start_applying(plan, actor)


def current(row: PlanRow) -> dict[str, object]:
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


def _move(row: PlanRow, actor: User, action: str, **fields: object) -> None:
    rows = PlanRow.objects.filter(pk=row.pk, state=RowState.SET_ASIDE)
    if not rows.update(**fields):
        raise Refused("This contact no longer waits for a decision.")
    log.record(
        action, actor=actor, organization=row.plan.installation.organization, target=row.plan, row=row.number
    )
