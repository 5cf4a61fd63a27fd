"""The pipeline: how far each organization is on its way from new to live, and since when.

The database computes the stages, so lists can filter, sort and count them without loading every organization.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import (
    Case,
    DateTimeField,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from integrations.connections.models import Connection, ConnectionState, Environment
from integrations.directory.sync import jobs
from integrations.jobs.models import IS_ACTIVE, Job
from integrations.onboarding.models import Verification
from portal.core import clock
from portal.organizations.models import Invitation, Organization

#: An organization that stays in a stage before the last for longer than this is stuck.
STUCK_AFTER = dt.timedelta(days=7)


class Stage(models.IntegerChoices):
    """The stages, in order."""

    NEW = 0, "New"
    INVITED = 1, "Invited"
    OPENED = 2, "Invitation opened"
    CONSENTED = 3, "Connected"
    VERIFIED = 4, "Verified"
    FIRST_SYNC = 5, "First sync"
    LIVE = 6, "Live"

    @property
    def key(self) -> str:
        """Return its name in URLs and in `portal.core.badges`."""
        return self.name.lower()


BY_KEY = {stage.key: stage for stage in Stage}


def with_stages(organizations: "QuerySet[Organization]") -> "QuerySet[Any]":
    """Add ``stage`` (a `Stage`) and ``since``, the time at which the organization reached it.

    One join over the connections gives most of the times. Subqueries for each of them would run several times for each
    organization, since conditions repeat them.
    """
    invitations = Invitation.objects.filter(organization=OuterRef("pk"), withdrawn_at=None)
    newest = invitations.order_by("-created_at")
    active = Job.objects.filter(IS_ACTIVE, organization=OuterRef("pk"), kind=jobs.KIND)
    connections, syncs = "installations__connections__", "installations__connections__sync_state__"
    connected = ~Q(**{f"{connections}state": ConnectionState.PENDING})
    # each stage by the time at which it was reached, the last stage first
    reached = {
        Stage.LIVE: Min(f"{syncs}first_finished_at"),
        Stage.FIRST_SYNC: Coalesce(
            Min(f"{syncs}started_at"), Subquery(active.order_by("created_at").values("created_at")[:1])
        ),
        Stage.VERIFIED: Min(f"{connections}verified_at", filter=connected),
        Stage.CONSENTED: Min(f"{connections}since", filter=connected),
        Stage.OPENED: Subquery(newest.values("opened_at")[:1], output_field=DateTimeField()),
        Stage.INVITED: Subquery(newest.values("sent_at")[:1], output_field=DateTimeField()),
    }
    times = {f"{stage.key}_at": when for stage, when in reached.items()}
    rows: QuerySet[Any] = organizations.alias(**times)
    conditions = {stage: Q(**{f"{stage.key}_at__isnull": False}) for stage in reached}
    for later in (Stage.LIVE, Stage.FIRST_SYNC):  # a sync alone proves nothing about the connections of today
        conditions[later] &= conditions[Stage.VERIFIED]
    staged: QuerySet[Any] = rows.annotate(
        stage=Case(
            *(When(condition, then=Value(stage.value)) for stage, condition in conditions.items()),
            default=Value(Stage.NEW.value),
            output_field=IntegerField(),
        ),
        since=Case(
            *(When(condition, then=F(f"{stage.key}_at")) for stage, condition in conditions.items()),
            default=F("created_at"),
            output_field=DateTimeField(),
        ),
    )
    return staged


def count_by_stage(rows: "QuerySet[Any]") -> dict[Stage, int]:
    """Return how many of these organizations are in each stage."""
    found = Counter(rows.order_by().values_list("stage", flat=True))
    return {stage: found[stage.value] for stage in Stage}


@dataclass(frozen=True)
class Row:
    """An organization in the pipeline. ``problem`` is a sentence, empty if there is none."""

    organization: Organization
    stage: Stage
    since: dt.datetime
    environments: list[Environment]
    problem: str
    broken: Connection | None
    is_stuck: bool


def rows(organizations: Iterable[Any]) -> list[Row]:
    """Return the rows of one page. ``organizations`` come from `with_stages`. The number of queries is constant."""
    listed = list(organizations)
    ids = [organization.pk for organization in listed]
    connections = _connections(ids)
    rejected = _rejected_credentials(ids)
    expired = _expired_invitations(ids)
    at = clock.now()
    return [
        _row(
            each,
            connections.get(each.pk, []),
            rejected.get(each.pk, "") or expired.get(each.pk, ""),
            at,
        )
        for each in listed
    ]


def row(organization: Organization) -> Row:
    """Return the row of one organization."""
    (found,) = rows(with_stages(Organization.objects.filter(pk=organization.pk)))
    return found


def _connections(ids: list[int]) -> dict[int, list[Connection]]:
    found: dict[int, list[Connection]] = {}
    for connection in (
        Connection.objects.filter(installation__organization__in=ids)
        .exclude(state=ConnectionState.PENDING)
        .select_related("installation__environment")
        .order_by("created_at")
    ):
        found.setdefault(connection.installation.organization_id, []).append(connection)
    return found


def _rejected_credentials(ids: list[int]) -> dict[int, str]:
    """Return what was wrong with the credentials of organizations that never had a working connection."""
    tried = Verification.objects.filter(
        outcome=Verification.Outcome.FAILED,
        connection__state=ConnectionState.PENDING,
        connection__installation__organization__in=ids,
    )
    return dict(tried.values_list("connection__installation__organization", "problem"))


def _expired_invitations(ids: list[int]) -> dict[int, str]:
    """Return a sentence for each organization whose latest invitation expired before anyone accepted it."""
    at = clock.now()
    latest: dict[int, Invitation] = {}
    for invitation in Invitation.objects.filter(organization__in=ids, withdrawn_at=None).order_by(
        "created_at"
    ):
        latest[invitation.organization_id] = invitation
    return {
        pk: "The invitation expired."
        for pk, invitation in latest.items()
        if invitation.state_at(at) == "expired"
    }


def _row(organization: Any, connections: list[Connection], other_problem: str, at: dt.datetime) -> Row:
    broken = next(
        (c for c in connections if c.state in (ConnectionState.NEEDS_RECONNECT, ConnectionState.QUARANTINED)),
        None,
    )
    problem = broken.reason if broken else "" if connections else other_problem
    if connections and not broken and not any(c.state == ConnectionState.ACTIVE for c in connections):
        problem = "All connections are paused or revoked."
    environments = {c.installation.environment_id: c.installation.environment for c in connections}
    stage = Stage(organization.stage)
    return Row(
        organization=organization,
        stage=stage,
        since=organization.since,
        environments=sorted(environments.values(), key=lambda e: (e.is_production, e.name)),
        problem=problem,
        broken=broken,
        is_stuck=stage is not Stage.LIVE and organization.since < at - STUCK_AFTER,
    )
