"""Approval: edits that let people be contacted need evidence and a second person."""

from django.db.models import Q

from integrations.bulk.models import Plan, PlanState
from integrations.bulk.planning import needed_capability
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock, text
from portal.core.errors import Refused
from portal.organizations.models import Organization
from portal.organizations.roles import Capability

MISSING = "This edit grants consent, so it needs evidence and the approval of a second person."
#: The shortest evidence or reason that says something.
SHORTEST = 10
LONGEST = 2000


def is_needed(plan: Plan) -> bool:
    """Return whether a plan needs evidence and an approval."""
    return plan.grants_consent


def is_missing(plan: Plan) -> bool:
    """Return whether a plan needs an approval that it doesn't have."""
    return is_needed(plan) and (plan.approved_at is None or not plan.evidence)


def give_evidence(plan: Plan, *, actor: User, evidence: str) -> None:
    """Store how the contacts of a plan gave their consent. Raise Refused if it says nothing or comes too late."""
    cleaned = clean_evidence(evidence)
    _require_right(plan, actor)
    # It can't be replaced: the person who approves the plan must have read it.
    rows = Plan.objects.filter(pk=plan.pk, state=PlanState.READY, approved_at=None, evidence="")
    if not rows.update(evidence=cleaned):
        raise Refused("This edit has its evidence, or no longer waits for its review.")
    log.record("bulk.evidence_given", actor=actor, organization=plan.installation.organization, target=plan)
    plan.refresh_from_db()


def clean_evidence(given: str) -> str:
    """Return evidence as it is stored. Raise Refused if it says nothing."""
    return _sentence(given, "Say how these contacts gave their consent, such as where and when they signed.")


def approve(plan: Plan, *, actor: User, digest: str, reason: str = "") -> None:
    """Approve a plan that ``actor`` has looked at, as ``digest`` proves. Raise Refused.

    Its author may approve it only if nobody else can, and must give a reason.
    """
    _require_right(plan, actor)
    if plan.state != PlanState.READY or not digest or digest != plan.digest or not is_needed(plan):
        raise Refused("The plan has changed since you looked at it. Review it again.")
    if not plan.evidence:
        raise Refused("Say first how these contacts gave their consent.")
    given = ""
    if actor.pk == plan.created_by_id:
        if others_exist(plan):
            raise Refused("Someone else must approve this edit, because you planned it.")
        given = _sentence(reason, "Say why you approve your own edit.")
    rows = Plan.objects.filter(pk=plan.pk, state=PlanState.READY, digest=digest, approved_at=None)
    if not rows.update(approved_by=actor, approved_at=clock.now(), approval_reason=given):
        raise Refused("The plan has changed since you looked at it. Review it again.")
    organization = plan.installation.organization
    log.record("bulk.approved", actor=actor, organization=organization, target=plan, alone=bool(given))
    plan.refresh_from_db()


def others_exist(plan: Plan) -> bool:
    """Return whether someone besides its author may approve a plan."""
    organization: Organization = plan.installation.organization
    users = User.objects.filter(is_active=True)
    users = users.filter(Q(is_operator=True) | Q(memberships__organization=organization)).distinct()
    needed = needed_capability(plan, plan.rows.count())
    return any(
        user.pk != plan.created_by_id
        and organization.allows(user, needed)
        and organization.allows(user, Capability.OVERVIEW)
        for user in users
    )


def _require_right(plan: Plan, actor: User) -> None:
    if not plan.installation.organization.allows(actor, needed_capability(plan, plan.rows.count())):
        raise Refused("Your role doesn't allow this edit.")


def _sentence(given: str, refusal: str) -> str:
    cleaned = text.clean(given)
    if len(cleaned) < SHORTEST:
        raise Refused(refusal)
    if len(cleaned) > LONGEST:
        raise Refused(f"The text is longer than {LONGEST} characters.")
    return cleaned
