"""The screens of onboarding many organizations: upload, preview, what became of each row, and earlier files."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
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
from integrations.onboarding.bulk.progress import MOVING, STANDINGS, Standing
from integrations.onboarding.models import Verification
from portal.accounts.guard import current_user, operators_only
from portal.core import clock
from portal.core import times as moments
from portal.core.errors import Refused
from portal.core.pages import render

#: Rows, and imports, on a page.
PAGE = 100
#: What each column holds, as the screen says it.
COLUMNS = (
    ("name", True, "As the customer calls itself. No organization of this name may exist."),
    ("environment", False, "Its short name. Empty: the one chosen above, or the only one there is."),
    ("client_id", True, "Of this organization, as Total Expert gave it."),
    ("client_secret", True, "The same. Stored encrypted, never shown again."),
    ("admin_email", False, "Is invited as its admin."),
)


@operators_only
def add_many(request: HttpRequest) -> HttpResponse:
    """Take a file, check it offline, and go on to its preview."""
    if request.method == "POST":
        form = BulkFileForm(request.POST, request.FILES, sent=int(request.META.get("CONTENT_LENGTH") or 0))
        if form.is_valid():
            made = imports.keep(
                form.records,
                default=form.default,
                actor=current_user(request),
                name=form.called,
                instead_of=form.cleaned_data["instead_of"],
            )
            return redirect("bulk_import", pk=made.pk)
    else:
        form = BulkFileForm()
    environments = list(Environment.objects.all())
    context = {"form": form, "columns": COLUMNS, "environments": environments}
    return render(request, "onboarding/bulk_upload.html", context, title="Add many organizations")


@operators_only
def bulk_template(request: HttpRequest) -> HttpResponse:
    """The file to fill in."""
    response = HttpResponse(files.template(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="organizations.csv"'
    return response


@operators_only
def bulk_imports(request: HttpRequest) -> HttpResponse:
    """What was uploaded before."""
    failed = Q(rows__connection__verification__outcome=Verification.Outcome.FAILED)
    uncreated = Q(rows__state=BulkRow.State.REFUSED)
    known = (
        BulkImport.objects.select_related("by")
        .annotate(refused=Count("rows", filter=failed), uncreated=Count("rows", filter=uncreated))
        .order_by("-at")
    )
    page = Paginator(known, PAGE).get_page(request.GET.get("page"))
    return render(
        request, "onboarding/bulk_imports.html", {"rows": page.object_list, "page": page}, title="Imports"
    )


@operators_only
def bulk_import(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One file: its preview until it is confirmed, then what became of each row."""
    source = get_object_or_404(BulkImport.objects.select_related("by", "confirmed_by"), pk=pk)
    context = {"source": source, **_rows(request, source)}
    if request.headers.get("HX-Request"):
        return render_fragment(request, "onboarding/bulk_rows.html", context)
    if source.state == BulkImport.State.DRAFT:
        context |= {
            "cost": progress.cost(source),
            "warnings": progress.warnings(source),
            "invited": source.rows.filter(state=BulkRow.State.READY).exclude(admin_email="").count(),
            "forgotten_at": source.at + imports.UNCONFIRMED,
            "form": BulkFileForm(initial={"instead_of": source.pk}),
        }
        return render(request, "onboarding/bulk_preview.html", context, title="Check before onboarding")
    return render(request, "onboarding/bulk_import.html", context, title="Import of organizations")


@require_POST
@operators_only
def confirm_import(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Create what passed: what can be in a moment at once, the rest by a worker."""
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
    """Forget an unconfirmed file."""
    source = get_object_or_404(BulkImport, pk=pk)
    if not imports.discard(source, actor=current_user(request)):
        messages.error(request, "This file has been confirmed already, and can't be discarded any more.")
        return redirect("bulk_import", pk=pk)
    messages.success(request, "The file is forgotten, with everything that stood in it.")
    return redirect("add_many")


@dataclass(frozen=True)
class Line:
    """A row of the file as it is shown."""

    row: BulkRow
    standing: Standing
    text: str

    @property
    def may_paste_again(self) -> bool:
        return self.standing.name == "failed" and self.row.organization is not None


def _rows(request: HttpRequest, source: BulkImport) -> dict[str, Any]:
    counts = progress.counts(source)
    wanted = request.GET.get("standing", "")
    found = progress.standings(source).select_related(
        "environment", "organization", "connection__verification"
    )
    shown = found.filter(standing=wanted) if wanted in STANDINGS else found
    if source.state == BulkImport.State.DRAFT:
        shown = shown.order_by("state", "number")  # what is wrong comes first
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    times = progress.expected_times(progress.queued(source))
    here = {standing.name for standing, _ in counts}
    at = clock.now()
    return {
        "counts": counts,
        "wanted": wanted if wanted in STANDINGS else "",
        "page": page,
        "lines": _lines(list(page.object_list), times, at),
        "last_at": max((time for time in times.values() if time > at), default=None),
        "moving": bool(here & set(MOVING)),
        "pace": "5s" if "verifying" not in here and "confirmed" not in here else "2s",
    }


def _lines(rows: list[Any], times: dict[uuid.UUID, dt.datetime], at: dt.datetime) -> list[Line]:
    held_up = "It waits until all calls are released." if kill_switch.get_active() else ""
    still = progress.problems_of([row for row in rows if row.standing == "stopped"])
    lines = []
    for row in rows:
        texts = [row.problem]
        if row.standing == "queued":
            texts.insert(0, held_up or _expectation(times.get(row.connection_id), at))
        elif row.standing == "failed":
            texts.insert(0, row.connection.verification.problem)
        elif row.standing == "stopped":
            texts.insert(0, still.get(row.pk) or "Its verification was paused or canceled.")
        lines.append(Line(row, STANDINGS[row.standing], " ".join(filter(None, texts))))
    return lines


def _expectation(expected: dt.datetime | None, at: dt.datetime) -> str:
    if expected is None:
        return "No token request is allowed at all: look at the limits in Settings."
    if expected <= at:
        return "Any moment now."
    return f"Expected about {moments.soon(expected, at)}."
