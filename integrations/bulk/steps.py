"""What the jobs of bulk edits do in one slice."""

from collections.abc import Callable
from functools import partial

from django.db import transaction

from integrations.bulk import applying, jobs, planning, undoing
from integrations.bulk.files import building as file_building
from integrations.bulk.groups import planning as group_planning
from integrations.bulk.groups import undoing as group_undoing
from integrations.bulk.models import Plan, PlanState
from integrations.jobs.models import Job, JobState
from integrations.jobs.run import Run
from integrations.total_expert import TryLater
from portal.core.errors import Refused
from portal.organizations.roles import Capability


def build(run: Run) -> bool:
    """Fill the installation's plans that are being prepared, oldest first. Return whether all are.

    Raise TryLater if nothing is left but plans that wait for a sync.
    """
    waits: dict[int, TryLater] = {}
    while True:
        waiting = Plan.objects.filter(installation=run.job.installation, state=PlanState.BUILDING)
        waiting = waiting.exclude(pk__in=waits).select_related("installation__organization", "created_by")
        plan = waiting.order_by("pk").first()
        if plan is None:
            for later in waits.values():
                raise later
            return True
        author, organization = plan.created_by, plan.installation.organization
        if author is None or not organization.allows(author, Capability.EDIT):
            planning.fail(plan, "The person who planned this edit may no longer edit contacts here.")
            continue
        make = _maker(plan)

        def saved(done: int, total: int) -> None:
            run.checkpoint(done=done, total=total)

        try:
            if not make(plan, has_time=run.time_left, saved=saved):
                return False
        except Refused as refused:
            planning.fail(plan, str(refused))
        except TryLater as later:
            waits[plan.pk] = later


def _maker(plan: Plan) -> Callable[..., bool]:
    if plan.resource == Plan.Resource.GROUPS:
        return group_undoing.build if plan.undo_of_id else group_planning.build
    if plan.undo_of_id:
        return undoing.build
    return file_building.build if plan.is_import else planning.build


def apply(run: Run) -> bool:
    """Send rows of the connection's plans. Return whether none is left."""
    return applying.Sender(run).send()


def on_stopped(sender: object, *, job: Job, **_: object) -> None:
    """Say on its page why a plan isn't prepared, when the job that prepared it failed or was canceled."""
    if job.kind != jobs.BUILD or job.state not in (JobState.FAILED, JobState.CANCELED):
        return
    plans = list(Plan.objects.filter(installation=job.installation, state=PlanState.BUILDING).order_by("pk"))
    # An error belongs to the plan that was being prepared, the oldest. The others are prepared by another job.
    failed = plans[:1] if job.state == JobState.FAILED else plans
    for plan in failed:
        planning.fail(plan, job.problem or "Preparing this edit was canceled.")
    for plan in plans[len(failed) :][:1]:
        transaction.on_commit(partial(jobs.start_building, plan, None))
