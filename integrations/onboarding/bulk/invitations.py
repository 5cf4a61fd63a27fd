"""The job that invites the admins named in a bulk import."""

from django.db import transaction

from integrations.jobs.run import Run
from integrations.onboarding.bulk.models import BulkRow
from portal.accounts.models import User
from portal.core.errors import Refused
from portal.organizations.invitations import invitations
from portal.organizations.roles import Role

KIND = "onboarding.bulk_invitation"


def advance(run: Run) -> bool:
    """Invite the admins of new organizations, and delete their addresses from the rows."""
    rows = BulkRow.objects.filter(
        connection__installation=run.job.installation, state=BulkRow.State.APPLIED
    ).exclude(admin_email="")
    for row in rows.select_related("organization"):
        with transaction.atomic():
            row.problem = _invite(row, run.job.requested_by)
            row.admin_email = ""
            row.save(update_fields=["problem", "admin_email"])
            run.checkpoint()
    return True


def _invite(row: BulkRow, actor: User | None) -> str:
    """Invite the admin of a row. Return why they were not invited, or "" if they were."""
    assert row.organization is not None  # it has a connection
    if actor is None:
        return "The admin was not invited: the person who confirmed the file has left. Invite them on the Members tab."
    try:
        invitations.invite(organization=row.organization, email=row.admin_email, role=Role.ADMIN, actor=actor)
    except Refused as refused:
        return f"The admin was not invited. {refused}"
    return ""
