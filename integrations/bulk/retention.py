"""Deleting the values of contacts that plans have noted, when they are no longer needed or their contacts are gone."""

import datetime as dt

from django.db.models import Q, QuerySet

from integrations.bulk.models import OPEN_ROWS, Plan, PlanRow, PlanState
from portal.core import clock

NAME, EVERY = "bulk.retention", dt.timedelta(hours=1)
#: How long the values before and after are kept after an edit ended. Until then it can be undone.
VALUES = dt.timedelta(days=90)
#: Rows that are cleared in one run.
BATCH = 5000
#: Plans that are looked at in one run.
PLANS = 20
_ENDED = [PlanState.APPLIED, PlanState.CANCELED, PlanState.FAILED]


def clear_values() -> None:
    """Clear the values in rows of edits that ended long ago, and of contacts that are no longer in the synced copy."""
    gone = PlanRow.objects.filter(contact=None).exclude(contact_digest="").exclude(state__in=OPEN_ROWS)
    _clear(gone, contact_digest="")
    expired = clock.now() - VALUES
    plans = Plan.objects.filter(state__in=_ENDED, values_cleared_at=None)
    for plan in plans.filter(Q(finished_at__lt=expired) | Q(finished_at=None, created_at__lt=expired))[
        :PLANS
    ]:
        if not _clear(plan.rows.exclude(before={}, after={})):
            Plan.objects.filter(pk=plan.pk).update(values_cleared_at=clock.now(), selection={})


def _clear(rows: "QuerySet[PlanRow]", **fields: str) -> int:
    pks = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    return PlanRow.objects.filter(pk__in=pks).update(before={}, after={}, **fields)
