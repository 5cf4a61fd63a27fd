"""Pages of bulk edits: the list, choosing changes, one plan from its preview to its results, and its actions."""

from collections.abc import Iterator

from django.contrib import messages
from django.db.models import Count, Q
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as render_fragment
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.bulk import forms, jobs, plan_page, planning, preview, verbs
from integrations.bulk.forms import OperationsForm
from integrations.bulk.models import OPEN_ROWS, Plan, RowState
from integrations.directory.browse import access, stored_choice
from integrations.directory.browse.chosen import Chosen
from integrations.jobs import queue
from portal.accounts.guard import current_user
from portal.audit import log
from portal.core import csv_lines, paging
from portal.core.errors import Refused
from portal.core.pages import render, wants_fragment
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

RELATED = (
    "installation__environment",
    "installation__organization",
    "created_by",
    "applied_by",
    "undo_of",
    "upload",
    "approved_by",
)


def visible_plan(request: HttpRequest, organization: Organization, pk: int) -> Plan:
    """Return a plan that this person may see, or raise Http404."""
    rows = Plan.objects.all().visible_to(current_user(request), organization)
    return get_object_or_404(rows.select_related(*RELATED), pk=pk)


@organization_view(Capability.BROWSE)
def plans(request: HttpRequest, organization: Organization) -> HttpResponse:
    """List the organization's bulk edits, newest first."""
    rows = Plan.objects.all().visible_to(current_user(request), organization).select_related(*RELATED)
    page = paging.newest_first(rows, request.GET)
    changing = Count("rows", filter=Q(rows__state__in=[RowState.DONE, *OPEN_ROWS]))
    listed = Plan.objects.filter(pk__in=[row.pk for row in page]).order_by()
    counts = dict(listed.annotate(changing=changing).values_list("pk", "changing"))
    user = current_user(request)
    may_import = organization.allows(user, Capability.EDIT_MANY)
    context = {
        "import_installations": access.visible_installations(user, organization) if may_import else [],
        "rows": [(row, preview.title_of(row), counts.get(row.pk, 0)) for row in page],
        "page": page,
        "organization": organization,
        "may_edit": organization.allows(current_user(request), Capability.EDIT),
    }
    return render(request, "bulk/plans.html", context, title="Bulk edits")


@organization_view(Capability.EDIT)
def new(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Choose what to change about the contacts that were chosen in the list, and make a plan of it."""
    user = current_user(request)
    installation = access.visible_installation(user, organization, environment)
    stored = None if request.method == "POST" else stored_choice.read(request, installation)
    if request.method != "POST" and stored is None:
        return redirect(f"{reverse('contacts', args=[organization.slug])}?environment={environment}")
    chosen = stored or Chosen.read(request.POST)
    count = chosen.apply(access.visible_contacts(user, organization), installation).order_by().count()
    if not count:
        messages.error(request, "Choose at least one contact first.")
        return redirect(f"{reverse('contacts', args=[organization.slug])}?environment={environment}")
    is_planned = "plan" in request.POST
    form = OperationsForm(request.POST if is_planned else None, installation=installation, user=user)
    if chosen.selection.groups == "none":  # people who list contacts outside of groups may want to add them
        form.initial["add_groups"] = list(chosen.selection.group)
    elif request.GET.get("change") == "remove":
        form.initial["remove_groups"] = list(chosen.selection.group)
    if is_planned and form.is_valid():
        made = planning.create(
            installation=installation,
            operations=form.operations,
            chosen=chosen,
            actor=user,
            suppress_emails=form.cleaned_data.get("suppress_emails", False),
            evidence=form.cleaned_data["evidence"],
        )
        return redirect("bulk_edit", slug=organization.slug, pk=made.pk)
    context = {
        "organization": organization,
        "installation": installation,
        "form": form,
        "count": count,
        "query": chosen.selection.query(),
        "ids": chosen.ids,
        "cancel": f"{reverse('contacts', args=[organization.slug])}?{chosen.selection.query()}",
    }
    return render(request, "bulk/new.html", context, title="Bulk edit")


@organization_view(Capability.EDIT)
def value_input(
    request: HttpRequest, organization: Organization, environment: str, number: int
) -> HttpResponse:
    """Return the input for the new value of the field that was chosen, of the field's kind."""
    access.visible_installation(current_user(request), organization, environment)
    if not 1 <= number <= forms.PAIRS:
        raise Http404
    name = request.GET.get(f"field_{number}", "")
    kind = forms.kind_of(name)
    if request.GET.get(f"kind_{number}") == kind:
        return HttpResponse(status=204)  # the input stays, with what is typed in it
    form = Form()
    form.fields[f"value_{number}"] = forms.value_input(number, name)
    context = {"value": form[f"value_{number}"], "number": number, "kind": kind}
    return render_fragment(request, "bulk/value_input.html", context)


@organization_view(Capability.BROWSE)
def plan(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Show a plan: what it will change, its progress, and the outcome of each row."""
    row = visible_plan(request, organization, pk)
    context = plan_page.context_of(request, organization, row)
    if wants_fragment(request):
        answer = render_fragment(request, "bulk/progress.html", context)
        if not row.is_moving:  # the page's header and menu change as well
            answer["HX-Refresh"] = "true"
        return answer
    return render(request, "bulk/plan.html", context, title=preview.title_of(row))


def typed_count(request: HttpRequest) -> int | None:
    """Return the number that a person typed to confirm, or None."""
    typed = request.POST.get("count", "").replace(",", "").strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


@require_POST
@organization_view(Capability.EDIT)
def change(request: HttpRequest, organization: Organization, pk: int, verb: str) -> HttpResponse:
    """Apply, resume, cancel, retry, pause, continue or undo a plan."""
    row, user = visible_plan(request, organization, pk), current_user(request)
    try:
        if verb == "apply":
            digest = request.POST.get("digest", "")
            verbs.apply(row, actor=user, digest=digest, typed_count=typed_count(request))
        elif verb == "resume":
            verbs.resume(row, actor=user)
        elif verb == "cancel":
            verbs.cancel(row, actor=user)
        elif verb == "retry":
            verbs.retry(row, actor=user)
        elif verb in ("pause", "continue"):
            _pause(request, row, verb)
        else:
            row = verbs.undo(row, actor=user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("bulk_edit", slug=organization.slug, pk=row.pk)


def _pause(request: HttpRequest, row: Plan, verb: str) -> None:
    """Pause or continue the jobs that send rows of a plan, as far as this person may."""
    for job in jobs.senders_of(row):
        if plan_page.may_change(request, job):
            (queue.pause if verb == "pause" else queue.resume)(job, actor=current_user(request))


@organization_view(Capability.EDIT_MANY)
def download(request: HttpRequest, organization: Organization, pk: int) -> StreamingHttpResponse:
    """Stream the rows of a plan as CSV, with their outcomes and reasons."""
    row = visible_plan(request, organization, pk)

    def lines() -> Iterator[list[str]]:
        yield ["row", "ID", "outcome", "reason"]
        for each in row.rows.order_by("number").iterator():
            label = str(RowState(each.state).label)
            yield [str(each.number), str(each.remote_id or each.result_id or ""), label, each.reason]

    log.record("bulk.downloaded", actor=current_user(request), organization=organization, target=row)
    response = StreamingHttpResponse(csv_lines.encoded(lines()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="bulk-edit-{row.pk}.csv"'
    return response
