"""Invitations in Django's admin, with resend and withdraw."""

from typing import Any

from django.contrib import admin
from django.db.models import DateTimeField, Q, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from portal.accounts import rate_limits
from portal.accounts.guard import current_user
from portal.audit.history import AuditedAdmin
from portal.core import clock, email_addresses
from portal.core.admin import display
from portal.core.admin.actions import Action
from portal.core.admin.filters import one_of
from portal.organizations.admin.members import ROLES
from portal.organizations.admin.search import FindsByOrganization
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation


def _resend(request: HttpRequest, row: Invitation) -> str:
    rate_limits.spend(request, "invite")
    invitations.resend(invitation=row, actor=current_user(request))
    return "We emailed a new link. The old link no longer works."


def _withdraw(request: HttpRequest, row: Invitation) -> str:
    invitations.withdraw(invitation=row, actor=current_user(request))
    return "Withdrawn. The link no longer works."


def _why_closed(row: Invitation) -> str:
    state = row.state_at(clock.now())
    return f"This invitation was already {state}." if state in ("accepted", "withdrawn") else ""


RESEND = Action(
    name="resend",
    label="Resend",
    consequence="The person gets a new link by email. It works for 7 days. The old link stops working.",
    run=_resend,
    refusal=_why_closed,
)
WITHDRAW = Action(
    name="withdraw",
    label="Withdraw",
    consequence="The link stops working immediately. To invite the person again, send a new invitation.",
    run=_withdraw,
    refusal=_why_closed,
    is_destructive=True,
)


def _in_state(rows: "QuerySet[Any]", state: str) -> "QuerySet[Any]":
    waiting = rows.filter(accepted_at=None, withdrawn_at=None)
    return {
        "waiting": waiting.filter(expires_at__gt=clock.now()),
        "expired": waiting.filter(expires_at__lte=clock.now()),
        "accepted": rows.exclude(accepted_at=None),
        "withdrawn": rows.exclude(withdrawn_at=None),
    }[state]


STATES = [
    ("waiting", "Not accepted yet"),
    ("accepted", "Accepted"),
    ("withdrawn", "Withdrawn"),
    ("expired", "Expired"),
]


@admin.register(Invitation)
class InvitationAdmin(FindsByOrganization, AuditedAdmin):
    """Invitations and their state. Links are not stored."""

    list_display = ("email", "organization_link", "role", "state", "sent_at", "expires_at")
    list_select_related = ("organization",)
    list_filter = (one_of("state", "state", STATES, _in_state), ROLES)
    list_defer = ("token_hash",)
    ordering = ("-created_at",)
    search_help_text = "Part of an organization's name, or an email address."
    narrowed_by = {"organizations.organization": "organization"}
    row_actions = (RESEND, WITHDRAW)
    fieldsets = (
        (None, {"fields": ("email", "organization_link", "role", "state", "inviter")}),
        (
            "Times",
            {"fields": ("created_at", "sent_at", "mailed_at", "opened_at", "accepted_at", "expires_at")},
        ),
    )

    def also_found(self, text: str) -> Q:
        return Q(email=email_addresses.typed(text))

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request).select_related("organization", "invited_by")
        # read the database's clock once, not for each row
        dated: QuerySet[Any] = rows.annotate(now=Value(clock.now(), output_field=DateTimeField()))
        return dated

    def title_of(self, row: Any) -> str:
        return f"Invitation of {row.email} to {row.organization.name}"

    def neutral_title_of(self, row: Any) -> str:
        return f"Invitation {str(row.pk)[:8]} to {row.organization.name}"

    def view_on_site(self, row: Invitation) -> str:
        return reverse("members", args=[row.organization.slug])

    @admin.display(description="State")
    def state(self, row: Any) -> str:
        return str(row.state_at(row.now)).capitalize()

    @admin.display(description="Organization")
    def organization_link(self, row: Invitation) -> SafeString | str:
        return display.link(row.organization, row.organization.name)

    @admin.display(description="Invited by")
    def inviter(self, row: Invitation) -> SafeString | str:
        return display.link(row.invited_by, getattr(row.invited_by, "display_name", ""))
