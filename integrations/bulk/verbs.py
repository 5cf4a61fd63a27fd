"""What people do with a plan: apply it, continue after the pilot, cancel it, retry what failed, undo it."""

from typing import Any

from django.db import transaction
from django.db.models import Q

from integrations.bulk import approval, jobs
from integrations.bulk.models import (
    OPEN_ROWS,
    PILOT,
    SENDING_STATES,
    SMALL,
    Plan,
    PlanState,
    RowAction,
    RowState,
)
from integrations.bulk.planning import needed_capability
from integrations.bulk.writers import Writers
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations.roles import Capability

#: The states in which an undo has ended and changed nothing, so that another one may be made.
ENDED_WITHOUT_CHANGES = [PlanState.CANCELED, PlanState.FAILED]
CHANGED_MEANWHILE = "The plan has changed since you looked at it. Review it again."


def apply(plan: Plan, *, actor: User, digest: str, typed_count: int | None = None) -> None:
    """Apply a plan that ``actor`` has looked at, as ``digest`` proves. Raise Refused.

    Above `SMALL` changes, and to delete, ``typed_count`` must be their number. Where campaigns may email people, only the
    first rows are sent until a person continues.
    """
    planned = plan.rows.filter(state=RowState.PLANNED)
    count = planned.count()
    require(plan, actor, count)
    if plan.state != PlanState.READY or not digest or digest != plan.digest:
        raise Refused(CHANGED_MEANWHILE)
    if not count:
        raise Refused("There is nothing to change.")
    if approval.is_missing(plan):
        raise Refused(approval.MISSING)
    if needs_count(plan, count) and typed_count != count:
        raise Refused(f"Type the number of {plan.noun}s that will change: {count:,}.")
    pilot_until = None
    if plan.joins_groups and not plan.suppress_emails and count > PILOT:
        numbers = planned.order_by("number").values_list("number", flat=True)
        pilot_until = list(numbers[:PILOT])[-1]
    state = PlanState.APPLYING if pilot_until is None else PlanState.PILOT
    with transaction.atomic():
        move(plan, [PlanState.READY], state, actor, pilot_until=pilot_until)
        log.record("bulk.applied", actor=actor, organization=plan.installation.organization, target=plan)
        jobs.start_applying(plan, actor)


def needs_count(plan: Plan, count: int) -> bool:
    """Return whether the number of changes must be typed to apply a plan."""
    return count > SMALL or plan.rows.filter(state=RowState.PLANNED, action=RowAction.DELETE).exists()


def resume(plan: Plan, *, actor: User) -> None:
    """Apply the rest of a plan after its pilot. Raise Refused."""
    require(plan, actor, plan.rows.filter(state__in=[*OPEN_ROWS, RowState.DONE, RowState.FAILED]).count())
    with transaction.atomic():
        move(plan, [PlanState.PILOT_DONE], PlanState.APPLYING, actor, pilot_until=None)
        log.record("bulk.continued", actor=actor, organization=plan.installation.organization, target=plan)
        jobs.start_applying(plan, actor)


def cancel(plan: Plan, *, actor: User) -> None:
    """Cancel a plan. What has been sent stays sent; rows on their way are still settled."""
    before = [PlanState.BUILDING, PlanState.READY, PlanState.PILOT, PlanState.PILOT_DONE, PlanState.APPLYING]
    with transaction.atomic():
        move(plan, before, PlanState.CANCELED, actor, finished_at=clock.now())
        log.record("bulk.canceled", actor=actor, organization=plan.installation.organization, target=plan)
        plan.rows.filter(state=RowState.PLANNED).update(state=RowState.CANCELED, finished_at=clock.now())
        jobs.start_applying(plan, actor)  # to find out what became of rows on their way


def retry(plan: Plan, *, actor: User) -> None:
    """Send the failed rows of a plan again, and continue where its jobs wait or stopped. Raise Refused if none did."""
    failed = plan.rows.filter(state=RowState.FAILED, connection__isnull=False)
    waiting = plan.rows.filter(state__in=OPEN_ROWS) if plan.is_sending else plan.rows.none()
    require(plan, actor, failed.count() + waiting.count())
    if not failed.exists() and not waiting.exists():
        raise Refused("No row has failed.")
    require_not_undone(plan)
    if plan.values_cleared_at is not None:
        raise Refused("The values of this edit are no longer kept, so it can't be sent again.")
    with transaction.atomic():
        plan = Plan.objects.select_for_update().select_related("installation__organization").get(pk=plan.pk)
        after = PlanState.PILOT if plan.state == PlanState.PILOT else PlanState.APPLYING
        move(plan, [PlanState.APPLIED, *SENDING_STATES], after, actor)
        log.record("bulk.retried", actor=actor, organization=plan.installation.organization, target=plan)
        failed.update(state=RowState.PLANNED, reason="", attempts=0, finished_at=None)
        jobs.start_applying(plan, actor)
    jobs.wake(plan, actor)


def require_not_undone(plan: Plan) -> None:
    """Raise Refused if an undo of a plan waits, is being applied, or has changed something."""
    undos = Plan.objects.filter(Q(undo_of=plan) | Q(operations__undoes=plan.pk))
    ended = undos.filter(state__in=ENDED_WITHOUT_CHANGES)
    if undos.exclude(pk__in=ended).exists() or ended.filter(rows__state=RowState.DONE).exists():
        raise Refused("This edit is being undone. Make a new edit instead.")


def undo(plan: Plan, *, actor: User) -> Plan:
    """Make the plan that puts back what an applied or canceled plan changed. Return it. Raise Refused."""
    done = plan.rows.filter(state=RowState.DONE).count()
    require(plan, actor, done)
    if plan.is_sending or plan.rows.filter(state__in=OPEN_ROWS).exists():
        raise Refused("This plan is still being applied. Cancel it first, or wait.")
    if not done:
        raise Refused("This plan changed nothing that could be undone.")
    if plan.values_cleared_at is not None:
        raise Refused("The values before this edit are no longer kept, so it can't be undone.")
    with transaction.atomic():
        Plan.objects.select_for_update().get(pk=plan.pk)
        found = Plan.objects.filter(undo_of=plan).exclude(state__in=ENDED_WITHOUT_CHANGES).first()
        if found is not None:
            return found
        # What it undoes is found by its operations from now on.
        Plan.objects.filter(undo_of=plan).update(undo_of=None)
        made = Plan.objects.create(
            installation=plan.installation,
            undo_of=plan,
            resource=plan.resource,
            operations={"undoes": plan.pk},
            selection={},
            suppress_emails=plan.suppress_emails
            and plan.installation.organization.allows(actor, Capability.OPERATE),
            created_by=actor,
            created_at=clock.now(),
        )
        log.record("bulk.planned", actor=actor, organization=plan.installation.organization, target=made)
        jobs.start_building(made, actor)
    return made


def require(plan: Plan, actor: User, count: int) -> None:
    """Raise Refused unless ``actor`` may apply this many changes of a plan through its connections."""
    if not plan.installation.organization.allows(actor, needed_capability(plan, count)):
        if plan.is_import:
            raise Refused("Your role doesn't allow imports.")
        many = f"Your role allows edits of up to {SMALL} {plan.noun}s at a time."
        raise Refused(
            many if count > SMALL else f"Your role doesn't allow deleting {plan.noun}s or giving them away."
        )
    allowed = Writers(plan.installation, actor).connections
    planned = plan.rows.filter(state__in=[*OPEN_ROWS, RowState.FAILED, RowState.SET_ASIDE]).order_by()
    senders = set(planned.exclude(connection=None).values_list("connection", flat=True).distinct())
    if not plan.installation.organization.allows(actor, Capability.OVERVIEW) and senders - allowed.keys():
        raise Refused("This edit uses connections that aren't yours.")


def move(plan: Plan, before: list[PlanState], after: PlanState, actor: User, **changes: Any) -> None:
    """Change the state of a plan. Raise Refused if it is not in one of the states before."""
    fields: dict[str, Any] = {"state": after}
    if after in SENDING_STATES:
        fields |= {"applied_by": actor, "applied_at": clock.now(), "finished_at": None}
    fields |= changes
    if not Plan.objects.filter(pk=plan.pk, state__in=before).update(**fields):
        raise Refused(CHANGED_MEANWHILE)
    plan.refresh_from_db()
