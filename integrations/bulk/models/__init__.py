"""The models of bulk edits."""

from integrations.bulk.models.plans import PILOT, SENDING_STATES, SMALL, Plan, PlanQuerySet, PlanState
from integrations.bulk.models.rows import OPEN_ROWS, PlanRow, RowAction, RowState

__all__ = [
    "OPEN_ROWS",
    "PILOT",
    "SENDING_STATES",
    "SMALL",
    "Plan",
    "PlanQuerySet",
    "PlanRow",
    "PlanState",
    "RowAction",
    "RowState",
]
