"""What the page of a plan shows, and what the person may do there."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from integrations.bulk import approval, conflicts, cost, jobs, planning, preview, verbs, wording
from integrations.bulk.files import plans as file_plans
from integrations.bulk.groups import consequences
from integrations.bulk.models import OPEN_ROWS, SMALL, Plan, PlanRow, PlanState, RowAction, RowState
from integrations.directory.browse import access
from integrations.jobs import views as job_views
from integrations.jobs.models import Job, JobState
from portal.accounts.guard import current_user
from portal.accounts.models import User
from portal.core import clock, paging
from portal.core.errors import Refused
from portal.organizations.models import Organization
from portal.organizations.roles import Capability

#: An edit that takes less is said to take less than a minute.
QUICK = dt.timedelta(minutes=1)
#: The states that the rows of a preview can be limited to.
SHOWN_STATES = [state.value for state in RowState]
#: The states in which changed contacts can still be overwritten.
DECIDABLE = (PlanState.APPLIED, PlanState.PILOT, PlanState.APPLYING)


def context_of(request: HttpRequest, organization: Organization, plan: Plan) -> dict[str, Any]:
    """Return everything that the page of a plan shows."""
    counts, user = plan.counts(), current_user(request)
    changes = counts.get(RowState.PLANNED, 0)
    may_edit = organization.allows(user, Capability.EDIT)
    may_apply = organization.allows(user, planning.needed_capability(plan, changes))
    return {
        "organization": organization,
        "plan": plan,
        "sentences": preview.sentences_of(plan),
        "counts": [(each, counts[each]) for each in RowState if each in counts],
        "changes": changes,
        "settled": sum(count for each, count in counts.items() if each not in OPEN_ROWS),
        "total": sum(counts.values()),
        "may_email": preview.may_email(plan),
        "may_apply": may_apply,
        "may_edit": may_edit,
        "may_download": organization.allows(user, Capability.EDIT_MANY),
        "needs_count": verbs.needs_count(plan, changes),
        "small": SMALL,
        "done": counts.get(RowState.DONE, 0),
        "failed": counts.get(RowState.FAILED, 0),
        "undone_by": Plan.objects.filter(undo_of=plan).first(),
        **_rows(request, organization, plan),
        **_words(plan),
        **_price(plan),
        **_jobs(request, plan),
        **_approval(plan, user),
        **_conflicts(plan, user, counts.get(RowState.SET_ASIDE, 0)),
        **file_plans.page_context(plan, user),
        **_groups(plan, user),
    }


def _rows(request: HttpRequest, organization: Organization, plan: Plan) -> dict[str, Any]:
    state = request.GET.get("state", "")
    rows = plan.rows.select_related("contact__owner", "contact__document").order_by("number")
    if state in SHOWN_STATES:
        rows = rows.filter(state=state)
    page = paging.numbered(rows, request.GET)
    lines = preview.lines(plan, page.rows, _visible_contacts(request, organization, page.rows))
    return {
        "shown": state if state in SHOWN_STATES else "",
        "page": page,
        "lines": lines,
        "has_conflicts": any(change.now is not None for line in lines for change in line.changes),
    }


def _visible_contacts(request: HttpRequest, organization: Organization, rows: Iterable[PlanRow]) -> set[int]:
    contacts = access.visible_contacts(current_user(request), organization)
    found = contacts.filter(pk__in=[row.contact_id for row in rows if row.contact_id is not None])
    return set(found.values_list("pk", flat=True))


def _words(plan: Plan) -> dict[str, Any]:
    if plan.state not in (PlanState.READY, PlanState.PILOT_DONE):
        return {}
    counts = wording.planned_actions(plan)
    found: dict[str, Any] = {
        "apply_label": wording.button(plan, counts, others=plan.state == PlanState.PILOT_DONE),
        "warnings": wording.consequences(plan, counts),
        "fate": wording.fate(counts),
        "is_deletion": RowAction.DELETE in counts,
    }
    if plan.state == PlanState.PILOT_DONE:
        first = plan.rows.filter(number__lte=plan.pilot_until or 0)
        found["pilot_done"] = first.filter(state=RowState.DONE).count()
        found["pilot_failed"] = first.filter(state=RowState.FAILED).count()
    return found


def _groups(plan: Plan, user: User) -> dict[str, Any]:
    """Return what the page of a plan for groups shows besides."""
    if plan.resource != Plan.Resource.GROUPS or plan.state != PlanState.READY:
        return {}
    return {"consequences": consequences.of(plan, user)}


def _price(plan: Plan) -> dict[str, Any]:
    if plan.state not in (PlanState.READY, PlanState.PILOT_DONE):
        return {}
    at = clock.now()
    price = cost.of(plan, at)
    return {"cost": price, "is_quick": price.finish is not None and price.finish - at < QUICK}


def _jobs(request: HttpRequest, plan: Plan) -> dict[str, Any]:
    """Return why the jobs of a plan wait, and whether this person may pause or resume them."""
    own = [job for job in jobs.senders_of(plan) if may_change(request, job)] if plan.is_sending else []
    return {
        "waits": jobs.waits_of(plan),
        "jobs": own,
        "may_pause": any(job.state in (JobState.WAITING, JobState.RUNNING) for job in own),
        "may_resume": any(job.state == JobState.PAUSED for job in own),
    }


def may_change(request: HttpRequest, job: Job) -> bool:
    """Return whether this person may pause and resume a job that sends rows of a plan."""
    return job_views.may_change(request, job)


def _approval(plan: Plan, user: User) -> dict[str, Any]:
    """Return what the plan's approval lacks, and whether this person may give it."""
    if not approval.is_needed(plan):
        return {}
    is_missing = approval.is_missing(plan)
    is_alone = plan.created_by_id == user.pk and is_missing and not approval.others_exist(plan)
    return {
        "needs_approval": True,
        "lacks_approval": is_missing and plan.state == PlanState.READY,
        "may_approve": bool(plan.evidence) and (plan.created_by_id != user.pk or is_alone),
        "is_alone": is_alone,
    }


def _conflicts(plan: Plan, user: User, count: int) -> dict[str, Any]:
    """Return how many changed contacts wait for a decision, and whether this person may decide about one or all of them."""
    # groups that changed need another plan
    is_decidable = plan.state in DECIDABLE and plan.resource == Plan.Resource.CONTACTS
    is_decidable = is_decidable and count > 0 and plan.values_cleared_at is None
    may_decide_all = is_decidable and _may(plan, user, count) and sees_conflicts(plan, user)
    may_overwrite_all = may_decide_all and count <= conflicts.MOST_AT_ONCE
    return {
        "set_aside": count,
        "may_decide": is_decidable and _may(plan, user, 1),
        "may_decide_all": may_decide_all,
        "conflicts_seen": conflicts.fingerprint(plan) if may_overwrite_all else "",
        "overwriting_needs_count": may_overwrite_all and conflicts.needs_count(plan, count),
    }


def _may(plan: Plan, user: User, count: int) -> bool:
    try:
        verbs.require(plan, user, count)
    except Refused:
        return False
    return True


def sees_conflicts(plan: Plan, user: User) -> bool:
    """Return whether a person sees every changed contact that waits for a decision."""
    visible = access.visible_contacts(user, plan.installation.organization).order_by()
    waiting = plan.rows.filter(state=RowState.SET_ASIDE, contact__isnull=False)
    return not waiting.exclude(contact__in=visible.values("pk")).exists()
