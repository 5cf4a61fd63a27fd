"""The models of bulk edits."""

from integrations.bulk.models.plans import PILOT, SENDING_STATES, SMALL, Plan, PlanQuerySet, PlanState
from integrations.bulk.models.rows import OPEN_ROWS, PlanRow, RowAction, RowState
from integrations.bulk.models.uploads import ColumnMapping, RowKey, Upload, UploadChunk

__all__ = [
    "OPEN_ROWS",
    "PILOT",
    "SENDING_STATES",
    "SMALL",
    "ColumnMapping",
    "Plan",
    "PlanQuerySet",
    "PlanRow",
    "PlanState",
    "RowAction",
    "RowKey",
    "RowState",
    "Upload",
    "UploadChunk",
]
