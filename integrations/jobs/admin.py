"""Jobs in Django's admin: what runs, waits, failed and is done, and pause, resume, cancel and retry."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from integrations.connections.permissions import connection_title
from integrations.jobs import kinds, queue
from integrations.jobs.models import ACTIVE, Job, JobState
from integrations.jobs.views import RELATED
from portal.accounts.guard import current_user
from portal.audit.history import AuditedAdmin
from portal.core.admin import display
from portal.core.admin.actions import Action
from portal.core.admin.filters import one_of
from portal.core.errors import Refused
from portal.core.parameters import read_id
from portal.organizations.admin.search import FindsByOrganization

#: Lines of a job's log that its page shows, the latest ones.
LINES = 50


def _unless(*states: JobState) -> Callable[[Job], str]:
    """Make the refusal of an action that jobs in these states alone are right for."""

    def refusal(row: Job) -> str:
        return "" if row.state in states else f"This job is {row.get_state_display().lower()}."

    return refusal


def _why_not_paused(row: Job) -> str:
    if not kinds.is_pausable(row.kind):
        return "Jobs of this kind can't be paused."
    return _unless(JobState.WAITING, JobState.RUNNING)(row)


def _steer(verb: Callable[..., bool], done: str) -> Callable[[HttpRequest, Job], str]:
    """Make what an action runs of a function of `queue` and a sentence for when it was done."""

    def run(request: HttpRequest, row: Job) -> str:
        if not verb(row, actor=current_user(request)):
            state = row.get_state_display().lower()
            raise Refused(f"Nothing was changed. The job is {state} now, or another of its kind is active.")
        return done

    return run


PAUSE = Action(
    name="pause",
    label="Pause",
    consequence="Work stops after the current step, and stays where it is until someone resumes it.",
    run=_steer(queue.pause, "Paused."),
    refusal=_why_not_paused,
)
RESUME = Action(
    name="resume",
    label="Resume",
    consequence="Work continues where it was paused.",
    run=_steer(queue.resume, "Resumed."),
    refusal=_unless(JobState.PAUSED),
)
CANCEL = Action(
    name="cancel",
    label="Cancel",
    consequence="Work stops for good after the current step. What is done stays done.",
    run=_steer(queue.cancel, "Canceled."),
    refusal=_unless(*ACTIVE),
    is_destructive=True,
)
RETRY = Action(
    name="retry",
    label="Retry",
    consequence="Work continues from where it failed or was canceled.",
    run=_steer(queue.retry, "Started again."),
    refusal=_unless(JobState.FAILED, JobState.CANCELED),
)


def _kinds() -> list[tuple[str, str]]:
    return [(name, kinds.label_of(name)) for name in kinds.names()]


@admin.register(Job)
class JobAdmin(FindsByOrganization, AuditedAdmin):
    """Work in the background, the latest first."""

    list_display = (
        "number",
        "kind_label",
        "organization_name",
        "connection_title",
        "state",
        "progress",
        "created_at",
    )
    list_select_related = RELATED
    list_filter = (one_of("state", "state", list(JobState.choices)), one_of("kind", "kind", _kinds))
    ordering = ("-id",)
    search_help_text = "Part of an organization's name, or a job's number."
    narrowed_by = {
        "organizations.organization": "organization",
        "connections.connection": "connection",
        "accounts.user": "requested_by",
    }
    row_actions = (RETRY, CANCEL, PAUSE, RESUME)
    fieldsets = (
        (None, {"fields": ("kind_label", "organization_link", "connection_link", "requester")}),
        ("State", {"fields": ("state", "progress", "problem", "waits_for", "waits_until", "attempts")}),
        ("Times", {"fields": ("created_at", "started_at", "finished_at")}),
        ("Log", {"fields": ("log",)}),
    )

    def also_found(self, text: str) -> Q:
        key = read_id(text)
        return Q(pk__in=[] if key is None else [key])

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = super().get_queryset(request).select_related(*RELATED)
        return rows.defer("connection__client_id", "connection__client_secret")

    def title_of(self, row: Any) -> str:
        return f"{kinds.label_of(row.kind)}, {row.organization.name}"

    def neutral_title_of(self, row: Any) -> str:
        return f"Job {row.pk} of {row.organization.name}"

    def view_on_site(self, row: Job) -> str:
        return reverse("job", args=[row.organization.slug, row.pk])

    @admin.display(description="Job")
    def number(self, row: Job) -> str:
        return str(row.pk)

    @admin.display(description="Kind")
    def kind_label(self, row: Job) -> str:
        return kinds.label_of(row.kind)

    @admin.display(description="Organization")
    def organization_name(self, row: Job) -> str:
        return row.organization.name

    @admin.display(description="Connection")
    def connection_title(self, row: Job) -> str:
        return connection_title(row.connection) if row.connection else display.NOTHING

    @admin.display(description="Progress")
    def progress(self, row: Job) -> str:
        done = f"{row.done:,}" if row.total is None else f"{row.done:,} of {row.total:,}"
        return f"{done}, {row.failed:,} failed" if row.failed else done

    @admin.display(description="Organization")
    def organization_link(self, row: Job) -> SafeString | str:
        return display.link(row.organization, row.organization.name)

    @admin.display(description="Connection")
    def connection_link(self, row: Job) -> SafeString | str:
        return display.link(row.connection, self.connection_title(row))

    @admin.display(description="Requested by")
    def requester(self, row: Job) -> SafeString | str:
        return display.link(row.requested_by, getattr(row.requested_by, "display_name", ""))

    @admin.display(description="Log")
    def log(self, row: Job) -> SafeString | str:
        found = row.lines.order_by("-id")[:LINES]
        return display.lines(f"{display.time(line.at)}: {line.text}" for line in found)
