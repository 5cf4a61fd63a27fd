"""Bulk edits in Django's admin: what they change, their rows, canceling and undoing them, and planning new ones."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from integrations.bulk import preview, verbs
from integrations.bulk.models import Plan, PlanRow, PlanState, RowState
from integrations.connections.models import Installation
from integrations.directory.admin import contact_actions
from integrations.directory.browse import stored_choice
from integrations.directory.browse.chosen import Chosen
from portal.accounts.guard import current_user
from portal.audit.history import AuditedAdmin
from portal.core.admin import display
from portal.core.admin.actions import Action
from portal.core.admin.filters import one_of
from portal.core.admin.read_only import ReadOnlyAdmin
from portal.organizations.admin.search import FindsByOrganization

RELATED = ("installation__environment", "installation__organization", "created_by", "applied_by")


def _why_not_canceled(row: Plan) -> str:
    over = (PlanState.APPLIED, PlanState.CANCELED, PlanState.FAILED)
    return f"This edit is {row.get_state_display().lower()}." if row.state in over else ""


def _why_not_undone(row: Plan) -> str:
    return "Only edits that are applied or canceled can be undone." if row.is_moving else ""


def _cancel(request: HttpRequest, row: Plan) -> str:
    verbs.cancel(row, actor=current_user(request))
    return "Canceled."


def _undo(request: HttpRequest, row: Plan) -> str:
    made = verbs.undo(row, actor=current_user(request))
    return f"Bulk edit {made.pk} is being prepared. Review it in the portal and apply it there."


CANCEL = Action(
    name="cancel",
    label="Cancel",
    consequence="Nothing more is sent. Contacts that are changed already stay changed.",
    run=_cancel,
    refusal=_why_not_canceled,
    is_destructive=True,
)
UNDO = Action(
    name="undo",
    label="Plan an undo",
    consequence="Makes a plan that puts back what this edit changed. Nothing is sent until it is applied.",
    run=_undo,
    refusal=_why_not_undone,
)


def _to_form(part: str, **query: str) -> contact_actions.Run:
    """Return an action that opens a part of the portal's form for the chosen contacts."""

    def run(request: HttpRequest, installation: Installation, chosen: Chosen) -> HttpResponse:
        args = [installation.organization.slug, installation.environment.name]
        key = stored_choice.store(request, installation, chosen)
        parameters = urlencode({stored_choice.PARAMETER: key, **query})
        return HttpResponseRedirect(f"{reverse('new_bulk_edit', args=args)}?{parameters}{part}")

    return run


contact_actions.register("bulk_edit", label="Bulk edit…", run=_to_form(""))
contact_actions.register("add_to_group", label="Add to group…", run=_to_form("#add"), order=1)
contact_actions.register(
    "remove_from_group", label="Remove from group…", run=_to_form("#remove", change="remove"), order=2
)


@admin.register(Plan)
class PlanAdmin(FindsByOrganization, AuditedAdmin):
    """Edits of many contacts, the latest first."""

    organization_path = "installation__organization"
    list_display = ("number", "what", "organization_name", "environment_name", "state", "created_at")
    list_select_related = RELATED
    list_filter = (one_of("state", "state", list(PlanState.choices)),)
    ordering = ("-id",)
    row_actions = (CANCEL, UNDO)
    fieldsets = (
        (None, {"fields": ("what", "organization_name", "environment_name", "suppress_emails")}),
        ("State", {"fields": ("state", "outcomes", "problem")}),
        ("People", {"fields": ("created_by", "applied_by")}),
        ("Times", {"fields": ("created_at", "applied_at", "finished_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related(*RELATED)

    def title_of(self, row: Any) -> str:
        return f"Bulk edit {row.pk}, {row.installation.organization.name}"

    def view_on_site(self, row: Plan) -> str:
        return reverse("bulk_edit", args=[row.installation.organization.slug, row.pk])

    @admin.display(description="Edit")
    def number(self, row: Plan) -> str:
        return str(row.pk)

    @admin.display(description="Changes")
    def what(self, row: Plan) -> str:
        return "; ".join(preview.sentences_of(row))

    @admin.display(description="Organization")
    def organization_name(self, row: Plan) -> str:
        return row.installation.organization.name

    @admin.display(description="Environment")
    def environment_name(self, row: Plan) -> str:
        return row.installation.environment.label

    @admin.display(description="Contacts")
    def outcomes(self, row: Plan) -> SafeString | str:
        counts = [(RowState(state).label, f"{count:,}") for state, count in sorted(row.counts().items())]
        return format_html_join("", "<div>{}: {}</div>", counts) or display.NOTHING


@admin.register(PlanRow)
class PlanRowAdmin(ReadOnlyAdmin):
    """What edits do to single contacts and groups, the latest first."""

    list_display = ("row_number", "plan", "action", "state", "remote_id", "finished_at")
    list_filter = (one_of("state", "state", list(RowState.choices)),)
    list_select_related = ("plan",)
    list_defer = ("before", "after")
    ordering = ("-id",)
    narrowed_by: ClassVar[Mapping[str, str]] = {"bulk.plan": "plan", "directory.contact": "contact"}
    fieldsets = (
        (None, {"fields": ("plan_link", "row_number", "action", "remote_id", "contact_link")}),
        ("Outcome", {"fields": ("state", "reason", "result_id", "attempts", "finished_at", "resolved_at")}),
        ("Values", {"fields": ("before", "after")}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("plan__installation__organization", "contact")

    def view_on_site(self, row: PlanRow) -> str:
        return reverse("bulk_edit", args=[row.plan.installation.organization.slug, row.plan_id])

    @admin.display(description="Row")
    def row_number(self, row: PlanRow) -> str:
        return str(row.number)

    @admin.display(description="Plan")
    def plan_link(self, row: PlanRow) -> SafeString | str:
        return display.link(row.plan, f"Bulk edit {row.plan_id}")

    @admin.display(description="Contact")
    def contact_link(self, row: PlanRow) -> SafeString | str:
        return display.link(row.contact, row.contact.display_name if row.contact else display.NOTHING)
