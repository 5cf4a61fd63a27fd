"""Pages of bulk imports: upload, preview, results by row, and earlier files."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as render_fragment
from django.views.decorators.http import require_POST

from integrations.connections.limits import kill_switch
from integrations.connections.models import Environment
from integrations.onboarding.bulk import files, imports, progress
from integrations.onboarding.bulk.forms import BulkFileForm
from integrations.onboarding.bulk.models import BulkImport, BulkRow
from integrations.onboarding.bulk.progress import MOVING, ROW_STATES, RowState
from integrations.onboarding.models import Verification
from portal.accounts.guard import current_user, operators_only
from portal.core import clock, paging, sorting
from portal.core import times as time_words
from portal.core.errors import Refused
from portal.core.pages import render, wants_fragment

#: Rows of a file on a page.
PAGE_SIZE = 100
#: The columns of the file: name, whether it is required, and its content.
COLUMNS = (
    ("name", True, "The name your customer uses. It must not exist yet."),
    ("environment", False, "Its short name. If empty, the one chosen above."),
    ("client_id", True, "This organization's, issued by Total Expert."),
    ("client_secret", True, "This organization's. Stored encrypted and never shown again."),
    ("admin_email", False, "We invite this person as its admin."),
)


@operators_only
def add_many(request: HttpRequest) -> HttpResponse:
    """Upload a file, check it offline, and redirect to its preview."""
    if request.method == "POST":
        form = BulkFileForm(request.POST, request.FILES, sent=int(request.META.get("CONTENT_LENGTH") or 0))
        if form.is_valid():
            created = imports.upload(
                form.records,
                default=form.default,
                actor=current_user(request),
                name=form.called,
                instead_of=form.cleaned_data["instead_of"],
            )
            return redirect("bulk_import", pk=created.pk)
    else:
        form = BulkFileForm()
    environments = list(Environment.objects.all())
    context = {"form": form, "columns": COLUMNS, "environments": environments}
    return render(request, "onboarding/bulk_upload.html", context, title="Add many organizations")


@operators_only
def bulk_template(request: HttpRequest) -> HttpResponse:
    """Download an empty file with the column names."""
    response = HttpResponse(files.template(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="organizations.csv"'
    return response


@operators_only
def bulk_imports(request: HttpRequest) -> HttpResponse:
    """List earlier uploads."""
    failed = Q(rows__connection__verification__outcome=Verification.Outcome.FAILED)
    uncreated = Q(rows__state=BulkRow.State.REFUSED)
    sort = sorting.read(request.GET, {"uploaded": "at"}, default="-uploaded")
    rows = (
        BulkImport.objects.select_related("by")
        .annotate(rejected=Count("rows", filter=failed), uncreated=Count("rows", filter=uncreated))
        .order_by(*sort.order_by)
    )
    context = {"page": paging.numbered(rows, request.GET), "sort": sort}
    return render(request, "onboarding/bulk_imports.html", context, title="Imports")


@operators_only
def bulk_import(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one file: its preview until it is confirmed, then the result of each row."""
    source = get_object_or_404(BulkImport.objects.select_related("by", "confirmed_by"), pk=pk)
    context = {"source": source, **_rows(request, source)}
    if wants_fragment(request):
        return render_fragment(request, "onboarding/bulk_rows.html", context)
    if source.state == BulkImport.State.DRAFT:
        context |= {
            "cost": progress.cost(source),
            "warnings": progress.warnings(source),
            "invited": source.rows.filter(state=BulkRow.State.READY).exclude(admin_email="").count(),
            "expires_at": source.at + imports.UNCONFIRMED,
            "form": BulkFileForm(initial={"instead_of": source.pk}),
        }
        return render(request, "onboarding/bulk_preview.html", context, title="Review import")
    return render(request, "onboarding/bulk_import.html", context, title="Import")


@require_POST
@operators_only
def confirm_import(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Create the rows without problems: as many as possible in a short time, and a worker does the rest."""
    source = get_object_or_404(BulkImport, pk=pk)
    try:
        imports.confirm(source, actor=current_user(request), overcommit="overcommit" in request.POST)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        imports.apply_some()
    return redirect("bulk_import", pk=pk)


@require_POST
@operators_only
def discard_import(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Delete an unconfirmed file."""
    source = get_object_or_404(BulkImport, pk=pk)
    if not imports.discard(source, actor=current_user(request)):
        messages.error(request, "This file was already confirmed and can't be discarded.")
        return redirect("bulk_import", pk=pk)
    messages.success(request, "File discarded. We deleted everything we read from it.")
    return redirect("add_many")


@dataclass(frozen=True)
class Line:
    """A row of the file with what the page shows."""

    row: BulkRow
    state: RowState
    text: str

    @property
    def may_enter_again(self) -> bool:
        """Return whether its credentials were rejected, so that others can be entered."""
        return self.state.name == "failed" and self.row.organization is not None


def _rows(request: HttpRequest, source: BulkImport) -> dict[str, Any]:
    counts = progress.counts(source)
    chosen = request.GET.get("state", "")
    found = progress.with_states(source).select_related(
        "environment", "organization", "connection__verification"
    )
    shown = found.filter(shown_state=chosen) if chosen in ROW_STATES else found
    if source.state == BulkImport.State.DRAFT:
        shown = shown.order_by("state", "number")  # rows with problems first
    page = paging.numbered(shown, request.GET, size=PAGE_SIZE)
    times = progress.expected_times(progress.queued(source))
    here = {state.name for state, _ in counts}
    at = clock.now()
    return {
        "counts": counts,
        "chosen": chosen if chosen in ROW_STATES else "",
        "page": page,
        "lines": _lines(page.rows, times, at),
        "last_at": max((time for time in times.values() if time > at), default=None),
        "moving": bool(here & set(MOVING)),
        "pace": "5s" if "verifying" not in here and "confirmed" not in here else "2s",
    }


def _lines(rows: list[Any], times: dict[uuid.UUID, dt.datetime], at: dt.datetime) -> list[Line]:
    held_up = "Waiting until an operator resumes calls." if kill_switch.get_active() else ""
    stopped = progress.problems_of([row for row in rows if row.shown_state == "stopped"])
    lines = []
    for row in rows:
        texts = [row.problem]
        if row.shown_state == "queued":
            texts.insert(0, held_up or _expectation(times.get(row.connection_id), at))
        elif row.shown_state == "failed":
            texts.insert(0, row.connection.verification.problem)
        elif row.shown_state == "stopped":
            texts.insert(0, stopped.get(row.pk) or "Its verification was paused or canceled.")
        lines.append(Line(row, ROW_STATES[row.shown_state], " ".join(filter(None, texts))))
    return lines


def _expectation(expected: dt.datetime | None, at: dt.datetime) -> str:
    if expected is None:
        return "The limits in Settings allow no token requests."
    if expected <= at:
        return "Expected any moment."
    return f"Expected about {time_words.soon(expected, at)}."
