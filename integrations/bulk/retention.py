"""Deleting the values of contacts that plans have noted, when they are no longer needed or their contacts are gone."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.bulk.models import OPEN_ROWS, Plan, PlanRow, PlanState, RowAction, RowState
from integrations.directory.models import Contact
from portal.audit import log
from portal.core import clock

NAME, EVERY = "bulk.retention", dt.timedelta(hours=1)
#: How long the values before and after are kept after an edit ended. Until then it can be undone.
VALUES = dt.timedelta(days=90)
#: After this time, a contact that was created is in the synced copy, unless it was deleted.
UNTIL_SYNCED = dt.timedelta(days=2)
#: Rows that are cleared in one run.
BATCH = 5000
#: Plans that are looked at in one run.
PLANS = 20
_ENDED = [PlanState.APPLIED, PlanState.CANCELED, PlanState.FAILED]


def clear_values() -> None:
    """Clear the values in rows of edits that ended long ago, and of contacts that are no longer in the synced copy."""
    gone = PlanRow.objects.filter(contact=None).exclude(contact_digest="").exclude(state__in=OPEN_ROWS)
    _clear(gone, contact_digest="")
    _clear(_of_missing_contacts())
    expired = clock.now() - VALUES
    _cancel_forgotten(expired)
    plans = Plan.objects.filter(state__in=_ENDED)
    old = plans.filter(Q(finished_at__lt=expired) | Q(finished_at=None, created_at__lt=expired))
    # From here on nobody undoes or retries it, although its rows are cleared a batch at a time.
    old.filter(values_cleared_at=None).update(values_cleared_at=clock.now())
    for plan in plans.filter(values_cleared_at__isnull=False).exclude(selection={})[:PLANS]:
        if not _clear(plan.rows.exclude(before={}, after={})):
            kept = {name: value for name, value in plan.operations.items() if name == "undoes"}
            Plan.objects.filter(pk=plan.pk).update(selection={}, operations=kept)


def _of_missing_contacts() -> "QuerySet[PlanRow]":
    """Return the rows that created contacts which are no longer in the synced copy."""
    contacts = Contact.objects.filter(
        installation=OuterRef("plan__installation"), remote_id=OuterRef("remote_id")
    )
    made = PlanRow.objects.filter(action=RowAction.CREATE, state=RowState.DONE, remote_id__isnull=False)
    made = made.filter(plan__resource=Plan.Resource.CONTACTS, finished_at__lt=clock.now() - UNTIL_SYNCED)
    return made.exclude(after={}).exclude(Exists(contacts))


def _cancel_forgotten(expired: dt.datetime) -> None:
    """Cancel plans that nobody has applied or continued for so long."""
    waiting = Q(state=PlanState.READY, created_at__lt=expired)
    waiting |= Q(state=PlanState.PILOT_DONE, finished_at__lt=expired)
    for plan in Plan.objects.filter(waiting).select_related("installation__organization")[:PLANS]:
        at, same = clock.now(), Plan.objects.filter(pk=plan.pk, state=plan.state)
        with transaction.atomic():
            if same.update(state=PlanState.CANCELED, finished_at=at):
                plan.rows.filter(state__in=OPEN_ROWS).update(state=RowState.CANCELED, finished_at=at)
                organization = plan.installation.organization
                log.record("bulk.canceled", actor=None, organization=organization, target=plan)


def _clear(rows: "QuerySet[PlanRow]", **fields: str) -> int:
    pks = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    return PlanRow.objects.filter(pk__in=pks).update(before={}, after={}, **fields)
