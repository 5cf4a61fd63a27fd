"""The rows of a file that were refused or failed, as a file that can be corrected and imported again."""

from collections.abc import Iterator

from django.db.models import QuerySet

from integrations.bulk.files import staging
from integrations.bulk.files.mapping import PROBLEM_HEAD
from integrations.bulk.models import Plan, PlanRow, RowState

#: What happened to rows that are worth another try.
STATES = (RowState.REFUSED, RowState.FAILED, RowState.SET_ASIDE)


def of(plan: Plan) -> "QuerySet[PlanRow]":
    """Return the bad rows of a plan."""
    return plan.rows.filter(state__in=STATES).order_by("number")


def lines(plan: Plan) -> Iterator[list[str]]:
    """Yield the heads and then the bad rows, each with all its cells and with what is wrong."""
    assert plan.upload is not None
    heads = plan.upload.heads
    kept = [place for place, head in enumerate(heads) if head != PROBLEM_HEAD]
    yield [*(heads[place] for place in kept), PROBLEM_HEAD]
    reasons = of(plan).values_list("number", "reason").iterator()
    number, reason = next(reasons, (None, ""))
    for row in staging.all_rows(plan.upload):
        if number is None:
            return
        if row.number == number:
            cells = [row.cells[place] if place < len(row.cells) else "" for place in kept]
            yield [*cells, reason, *row.cells[len(heads) :]]
            number, reason = next(reasons, (None, ""))
