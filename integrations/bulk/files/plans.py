"""Making the plan of an uploaded file, and what its page shows."""

from typing import Any

from django.db import transaction
from django.db.models import Count

from integrations.bulk import jobs, planning
from integrations.bulk.files import bad_rows, mapping, uploads
from integrations.bulk.files.mapping import Mapping
from integrations.bulk.models import Plan, PlanState, RowAction, RowState, Upload
from integrations.bulk.writers import Writers
from portal.accounts.models import User
from portal.core.errors import Refused
from portal.organizations.roles import Capability


def create(upload: Upload, chosen: Mapping, *, actor: User, suppress_emails: bool = False) -> Plan:
    """Store a plan for the rows of a file and start the job that fills it. Raise Refused if the mapping makes no sense."""
    if upload.deleted_at is not None or not upload.is_complete:
        raise Refused(uploads.DELETED if upload.deleted_at else uploads.INCOMPLETE)
    organization = upload.installation.organization
    needs_owner = Writers(upload.installation, actor).admin is not None
    chosen.require_sense(upload.heads, needs_owner=needs_owner)
    mapping.remember(organization, upload.heads, chosen)
    with transaction.atomic():
        plan = planning.record(
            installation=upload.installation,
            actor=actor,
            upload=upload,
            operations={},
            selection={"mapping": chosen.to_json()},
            suppress_emails=suppress_emails and organization.allows(actor, Capability.OPERATE),
        )
        jobs.start_building(plan, actor)
    return plan


def sentences_of(plan: Plan) -> list[str]:
    """Return what a plan of a file does."""
    chosen = Mapping.from_json(plan.selection["mapping"])
    name = plan.upload.name if plan.upload else "a file"
    found = [f"Import “{name}”"]
    matched = [mapping.label_of(target) for target in chosen.columns if target]
    found.append(f"Columns: {', '.join(matched)}")
    if chosen.source:
        found.append(f"Source of contacts without one: “{chosen.source}”")
    if chosen.groups:
        found.append(f"Add to {', '.join(f'“{group}”' for group in chosen.groups)}")
    return found


def page_context(plan: Plan, user: User) -> dict[str, Any]:
    """Return what the page of an import shows besides: how many rows create contacts, and whether some are bad."""
    upload = plan.upload if plan.is_import else None
    if upload is None:
        return {}
    may_import = plan.installation.organization.allows(user, Capability.EDIT_MANY)
    planned = plan.rows.filter(state=RowState.PLANNED).order_by().values_list("action")
    labels = {RowAction.CREATE: "New contacts", RowAction.UPDATE: "Changed contacts"}
    counts = dict(planned.annotate(Count("pk")))
    is_kept = may_import and upload.deleted_at is None
    is_new = plan.state in (PlanState.READY, PlanState.FAILED, PlanState.CANCELED) and not plan.applied_at
    return {
        "planned_actions": [(label, counts[action]) for action, label in labels.items() if action in counts],
        "bad_rows": bad_rows.of(plan).count() if is_kept and not plan.is_moving else 0,
        "may_map_again": is_kept and is_new,
    }
