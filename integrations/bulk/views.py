"""Pages of bulk edits: the list, choosing changes, one plan from its preview to its results, and its actions."""

import datetime as dt
from collections.abc import Iterable, Iterator

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as render_fragment
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.bulk import cost, jobs, planning, preview, verbs
from integrations.bulk.files import plans as file_plans
from integrations.bulk.forms import OperationsForm
from integrations.bulk.groups import consequences
from integrations.bulk.models import OPEN_ROWS, SMALL, Plan, PlanRow, PlanState, RowState
from integrations.directory.browse import access, stored_choice
from integrations.directory.browse.chosen import Chosen
from portal.accounts.guard import current_user
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock, csv_lines, paging
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
)
#: An edit that takes less is said to take less than a minute.
QUICK = dt.timedelta(minutes=1)
#: The states that the rows of a preview can be limited to.
SHOWN_STATES = [state.value for state in RowState]


def _visible(request: HttpRequest, organization: Organization, pk: int) -> Plan:
    rows = Plan.objects.all().visible_to(current_user(request), organization)
    return get_object_or_404(rows.select_related(*RELATED), pk=pk)


def _visible_contacts(request: HttpRequest, organization: Organization, rows: Iterable[PlanRow]) -> set[int]:
    contacts = access.visible_contacts(current_user(request), organization)
    found = contacts.filter(pk__in=[row.contact_id for row in rows if row.contact_id is not None])
    return set(found.values_list("pk", flat=True))


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


@organization_view(Capability.BROWSE)
def plan(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Show a plan: what it will change, its progress, and the outcome of each row."""
    row = _visible(request, organization, pk)
    counts = row.counts()
    state = request.GET.get("state", "")
    rows = row.rows.select_related("contact__owner").order_by("number")
    if state in SHOWN_STATES:
        rows = rows.filter(state=state)
    page = paging.numbered(rows, request.GET)
    changes, user = counts.get(RowState.PLANNED, 0), current_user(request)
    is_open, at = row.state in (PlanState.READY, PlanState.PILOT_DONE), clock.now()
    price = cost.of(row, at) if is_open else None
    context = {
        "organization": organization,
        "plan": row,
        "sentences": preview.sentences_of(row),
        "counts": [(each, counts[each]) for each in RowState if each in counts],
        "changes": changes,
        "settled": sum(count for each, count in counts.items() if each not in OPEN_ROWS),
        "total": sum(counts.values()),
        "shown": state if state in SHOWN_STATES else "",
        "page": page,
        "lines": preview.lines(row, page.rows, _visible_contacts(request, organization, page.rows)),
        "cost": price,
        "is_quick": price is not None and price.finish is not None and price.finish - at < QUICK,
        "may_email": preview.may_email(row),
        "may_apply": organization.allows(user, planning.needed_capability(row, changes)),
        "may_edit": organization.allows(user, Capability.EDIT),
        "needs_count": verbs.needs_count(row, changes),
        "small": SMALL,
        "done": counts.get(RowState.DONE, 0),
        "failed": counts.get(RowState.FAILED, 0),
        "waits": jobs.waits_of(row),
        "undone_by": Plan.objects.filter(undo_of=row).first(),
        **file_plans.page_context(row, user),
        **_group_context(row, user),
    }
    if wants_fragment(request):
        answer = render_fragment(request, "bulk/progress.html", context)
        if not row.is_moving:  # the page's header and menu change as well
            answer["HX-Refresh"] = "true"
        return answer
    return render(request, "bulk/plan.html", context, title=preview.title_of(row))


def _group_context(row: Plan, user: User) -> dict[str, object]:
    """Return what the page of a plan for groups shows besides."""
    if row.resource != Plan.Resource.GROUPS:
        return {}
    return {
        "group_verb": preview.group_verb(row),
        "consequences": consequences.of(row, user) if row.state == PlanState.READY else None,
    }


@require_POST
@organization_view(Capability.EDIT)
def change(request: HttpRequest, organization: Organization, pk: int, verb: str) -> HttpResponse:
    """Apply, continue, cancel, retry or undo a plan."""
    row, user = _visible(request, organization, pk), current_user(request)
    try:
        if verb == "apply":
            typed = request.POST.get("count", "").replace(",", "").strip()
            count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None
            verbs.apply(row, actor=user, digest=request.POST.get("digest", ""), typed_count=count)
        elif verb == "resume":
            verbs.resume(row, actor=user)
        elif verb == "cancel":
            verbs.cancel(row, actor=user)
        elif verb == "retry":
            verbs.retry(row, actor=user)
        else:
            row = verbs.undo(row, actor=user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("bulk_edit", slug=organization.slug, pk=row.pk)


@organization_view(Capability.EDIT_MANY)
def download(request: HttpRequest, organization: Organization, pk: int) -> StreamingHttpResponse:
    """Stream the rows of a plan as CSV, with their outcomes and reasons."""
    row = _visible(request, organization, pk)

    def lines() -> Iterator[list[str]]:
        yield ["row", "ID", "outcome", "reason"]
        for each in row.rows.order_by("number").iterator():
            label = str(RowState(each.state).label)
            yield [str(each.number), str(each.remote_id or each.result_id or ""), label, each.reason]

    log.record("bulk.downloaded", actor=current_user(request), organization=organization, target=row)
    response = StreamingHttpResponse(csv_lines.encoded(lines()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="bulk-edit-{row.pk}.csv"'
    return response
