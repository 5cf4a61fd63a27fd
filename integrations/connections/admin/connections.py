"""Connections in Django's admin: what they are, and pause, resume and revoke. Upper apps add sync and test."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from integrations.connections import lifecycle
from integrations.connections.models import Connection, ConnectionState, GrantType, Token
from integrations.connections.permissions import connection_title
from portal.accounts import rate_limits
from portal.accounts.guard import current_user
from portal.audit.history import AuditedAdmin
from portal.core.admin import display
from portal.core.admin.actions import Action
from portal.core.admin.filters import one_of
from portal.core.errors import Refused
from portal.encryption.cipher import DecryptionError
from portal.organizations.admin.search import FindsByOrganization


def _unless(*states: ConnectionState) -> Callable[[Connection], str]:
    """Make the refusal of an action that connections in these states alone are right for."""

    def refusal(row: Connection) -> str:
        return "" if row.state in states else f"This connection is {row.get_state_display().lower()}."

    return refusal


def _change(verb: Callable[..., bool], done: str) -> Callable[[HttpRequest, Connection], str]:
    """Make what an action runs of a function of `lifecycle` and a sentence for when it was done."""

    def run(request: HttpRequest, row: Connection) -> str:
        rate_limits.spend(request, "connection")
        if not verb(row, actor=current_user(request)):
            raise Refused(f"Nothing was changed. This connection is now {row.get_state_display().lower()}.")
        return done

    return run


PAUSE = Action(
    name="pause",
    label="Pause",
    consequence="Nothing is sent to Total Expert until someone resumes it. Tokens are kept, and work waits.",
    run=_change(lifecycle.pause, "Paused."),
    refusal=_unless(ConnectionState.ACTIVE),
)
RESUME = Action(
    name="resume",
    label="Resume",
    consequence="Calls to Total Expert are sent again, and work that waited continues.",
    run=_change(lifecycle.resume, "Resumed."),
    refusal=_unless(ConnectionState.PAUSED),
)
REVOKE = Action(
    name="revoke",
    label="Revoke",
    consequence=(
        "Tokens and client credentials are deleted here. To use the connection again, someone must connect it again. "
        "Synced contacts stay. Total Expert has no way to revoke access from outside: to end it there too, remove the "
        "application in Total Expert’s settings, or ask its support."
    ),
    run=_change(lifecycle.revoke, "Revoked. Its tokens and credentials are deleted here."),
    refusal=_unless(*(state for state in ConnectionState if state != ConnectionState.REVOKED)),
    is_destructive=True,
)


@admin.register(Connection)
class ConnectionAdmin(FindsByOrganization, AuditedAdmin):
    """Access to an organization at Total Expert, granted by client credentials or by one person."""

    list_display = ("title", "organization_name", "state", "since", "verified_at")
    list_filter = (
        one_of("state", "state", list(ConnectionState.choices)),
        one_of("grant", "grant", list(GrantType.choices)),
    )
    list_defer = ("client_id", "client_secret")
    ordering = ("-created_at",)
    organization_path = "installation__organization"
    narrowed_by = {
        "organizations.organization": "installation__organization",
        "connections.installation": "installation",
        "accounts.user": "user",
    }
    row_actions = (PAUSE, RESUME, REVOKE)
    fieldsets = (
        (None, {"fields": ("organization_link", "installation_link", "state", "reason", "since")}),
        ("Access", {"fields": ("grant", "user_link", "scopes", "verified_at", "admitted_at")}),
        (
            "Secrets",
            {"fields": ("client_id_stored", "client_secret_stored", "access_token", "refresh_token")},
        ),
        ("More", {"fields": ("egress_label", "paused_by_link", "conflict", "created_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = super().get_queryset(request)
        return rows.select_related("installation__environment", "installation__organization", "user")

    def title_of(self, row: Any) -> str:
        return f"{row.installation.organization.name}, {connection_title(row)}"

    def neutral_title_of(self, row: Any) -> str:
        installation = row.installation
        return f"{installation.organization.name}, {installation.environment.label}, connection {str(row.pk)[:8]}"

    def view_on_site(self, row: Connection) -> str:
        return reverse("connection", args=[row.installation.organization.slug, row.pk])

    @admin.display(description="Connection")
    def title(self, row: Connection) -> str:
        return connection_title(row)

    @admin.display(description="Organization")
    def organization_name(self, row: Connection) -> str:
        return row.installation.organization.name

    @admin.display(description="Organization")
    def organization_link(self, row: Connection) -> SafeString | str:
        organization = row.installation.organization
        return display.link(organization, organization.name)

    @admin.display(description="Installation")
    def installation_link(self, row: Connection) -> SafeString | str:
        return display.link(row.installation, row.installation.environment.label)

    @admin.display(description="User")
    def user_link(self, row: Connection) -> SafeString | str:
        return display.link(row.user, getattr(row.user, "display_name", ""))

    @admin.display(description="Outbound IP address")
    def egress_label(self, row: Connection) -> str:
        return row.egress.label if row.egress else "This machine’s own"

    @admin.display(description="Paused by")
    def paused_by_link(self, row: Connection) -> SafeString | str:
        return display.link(row.paused_by, getattr(row.paused_by, "display_name", ""))

    @admin.display(description="Conflicts with")
    def conflict(self, row: Connection) -> SafeString | str:
        other = row.conflicts_with
        return display.link(other, self.neutral_title_of(other) if other else "")

    @admin.display(description="Client id")
    def client_id_stored(self, row: Connection) -> str:
        try:
            return display.ends_in(row.client_id) if row.client_id else "None"
        except DecryptionError:
            return "Stored, but it can’t be decrypted with the keys at hand"

    @admin.display(description="Client secret")
    def client_secret_stored(self, row: Connection) -> str:
        return "Stored" if _has(Connection, row.pk, "client_secret") else "None"

    @admin.display(description="Access token")
    def access_token(self, row: Connection) -> str:
        return _token(row, "access")

    @admin.display(description="Refresh token")
    def refresh_token(self, row: Connection) -> str:
        return _token(row, "refresh")


def _has(model: Any, pk: object, column: str) -> bool:
    """Return whether an encrypted column holds anything, without reading it."""
    return bool(model.objects.filter(pk=pk, **{f"{column}__isnull": False}).exists())


def _token(row: Connection, kind: str) -> str:
    """Say whether a token is stored and until when it is good, without reading it."""
    stored = Token.objects.filter(connection=row, **{f"{kind}_token__isnull": False})
    found = stored.values_list(f"{kind}_expires_at", flat=True).first() if stored.exists() else None
    if found is not None:
        return f"Stored, good until {display.time(found)}"
    return "Stored" if stored.exists() else "None"
