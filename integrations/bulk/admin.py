"""Bulk edits in Django's admin: what they change, their outcomes, and canceling and undoing them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from integrations.bulk import preview, verbs
from integrations.bulk.models import Plan, PlanState, RowState
from portal.accounts.guard import current_user
from portal.audit.history import AuditedAdmin
from portal.core.admin import display
from portal.core.admin.actions import Action
from portal.core.admin.filters import one_of
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
