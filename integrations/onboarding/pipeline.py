"""The pipeline: how far each organization is on its way from invitation to live, and since when."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import F, Min

from integrations.connections.models import Connection, ConnectionState, Environment
from integrations.directory.models import SyncState
from integrations.directory.sync import jobs
from integrations.jobs.models import ACTIVE, Job
from integrations.onboarding.models import Verification
from portal.organizations.models import Invitation, Organization

STAGES = ["new", "invited", "opened", "consented", "verified", "first_sync", "live"]
LABELS = {
    "new": "New",
    "invited": "Invited",
    "opened": "Opened",
    "consented": "Consented",
    "verified": "Verified",
    "first_sync": "First sync",
    "live": "Live",
}


@dataclass(frozen=True)
class Row:
    """One organization in the pipeline."""

    organization: Organization
    stage: str
    since: dt.datetime
    environments: list[Environment]
    problem: str
    invitation: Invitation | None

    @property
    def label(self) -> str:
        return LABELS[self.stage]

    @property
    def position(self) -> int:
        return STAGES.index(self.stage)


def rows(organizations: Iterable[Organization]) -> list[Row]:
    """The pipeline of these organizations, in a fixed number of queries."""
    listed = list(organizations)
    ids = [organization.pk for organization in listed]
    granted: dict[int, list[Connection]] = {}
    for connection in (
        Connection.objects.filter(installation__organization__in=ids)
        .exclude(state=ConnectionState.PENDING)
        .select_related("installation__environment")
    ):
        granted.setdefault(connection.installation.organization_id, []).append(connection)
    invitations: dict[int, Invitation] = {}
    for invitation in Invitation.objects.filter(organization__in=ids, withdrawn_at=None).order_by(
        "created_at"
    ):
        invitations[invitation.organization_id] = invitation
    synced = _syncs(ids)
    found = [_row(o, granted.get(o.pk, []), invitations.get(o.pk), synced.get(o.pk)) for o in listed]
    refused = _refused([row.organization.pk for row in found if row.organization.pk not in granted])
    return [replace(row, problem=row.problem or refused.get(row.organization.pk, "")) for row in found]


def _refused(ids: list[int]) -> dict[int, str]:
    """What was wrong with the credentials of organizations that have no grant yet."""
    tried = Verification.objects.filter(
        outcome=Verification.Outcome.FAILED, connection__installation__organization__in=ids
    )
    return dict(tried.values_list("connection__installation__organization", "problem"))


def _syncs(ids: list[int]) -> dict[int, dict[str, dt.datetime | None]]:
    """When the first pass over each organization's contacts began and ended. Jobs tell it as well, but not for ever."""
    found = (
        SyncState.objects.filter(connection__installation__organization__in=ids)
        .values(organization=F("connection__installation__organization"))
        .annotate(started=Min("started_at"), done=Min("first_finished_at"))
    )
    synced = {row["organization"]: {name: row[name] for name in ("started", "done")} for row in found}
    under_way = Job.objects.filter(organization__in=ids, kind=jobs.KIND, state__in=ACTIVE)
    for organization, asked_at in under_way.values_list("organization", "created_at"):
        synced.setdefault(organization, {"started": asked_at, "done": None})
    return synced


def _row(
    organization: Organization,
    connections: list[Connection],
    invitation: Invitation | None,
    synced: dict[str, dt.datetime | None] | None,
) -> Row:
    stage, since = "new", organization.created_at
    if invitation is not None:
        stage, since = "invited", invitation.sent_at
        if invitation.opened_at:
            stage, since = "opened", invitation.opened_at
    verified = [connection.verified_at for connection in connections if connection.verified_at]
    if connections:
        stage, since = "consented", min(connection.since for connection in connections)
    if verified:
        stage, since = "verified", min(verified)
    if verified and synced:
        stage, since = "first_sync", synced["started"] or since
        if synced["done"]:
            stage, since = "live", synced["done"]
    broken = next(
        (c for c in connections if c.state in (ConnectionState.NEEDS_RECONNECT, ConnectionState.QUARANTINED)),
        None,
    )
    problem = broken.reason if broken else ""
    if connections and not broken and not any(c.state == ConnectionState.ACTIVE for c in connections):
        problem = "No connection works now: paused or revoked."
    environments = {c.installation.environment_id: c.installation.environment for c in connections}
    return Row(
        organization=organization,
        stage=stage,
        since=since,
        environments=sorted(environments.values(), key=lambda e: (e.is_production, e.name)),
        problem=problem,
        invitation=invitation,
    )
