"""Organizations, members, invitations and the audit log in Django's admin."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from portal.accounts import rate_limits
from portal.accounts.guard import current_user
from portal.audit.history import AuditedAdmin
from portal.audit.models import Entry
from portal.core import clock
from portal.core.admin import display
from portal.core.admin.actions import Action
from portal.core.admin.filters import one_of
from portal.core.admin.read_only import ReadOnlyAdmin
from portal.organizations import invitations
from portal.organizations.models import Invitation, Membership, Organization
from portal.organizations.roles import MEMBER_ROLES

#: Organizations that a search by name in another table goes through.
NAMED = 200
ROLES = one_of("role", "role", [(role.value, str(role.label)) for role in MEMBER_ROLES])


class FindsByOrganization(ReadOnlyAdmin):
    """The admin of a table of organizations' things: its search takes an organization's name.

    ``organization_path`` leads from a row to its organization. `also_found` adds what else the search takes.
    """

    organization_path = "organization"
    search_fields = ("organization_path",)  # what is typed goes to `get_search_results`
    search_help_text = "Part of an organization's name."

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        if not search_term.strip():
            return queryset, False
        named = Organization.objects.filter(name__icontains=search_term.strip()).order_by("name")
        found = Q(**{f"{self.organization_path}__in": list(named.values_list("pk", flat=True)[:NAMED])})
        return queryset.filter(found | self.also_found(search_term.strip())), False

    def also_found(self, text: str) -> Q:
        """Return what else is found by ``text``; by default nothing."""
        return Q(pk__in=[])


@admin.register(Organization)
class OrganizationAdmin(AuditedAdmin):
    """The partner's customers."""

    list_display = ("name", "slug", "account_owner", "created_at")
    list_select_related = ("looked_after_by",)
    ordering = ("name",)
    sorts = ("name",)
    search_fields = ("name", "slug")
    search_help_text = "Part of a name."
    fields = ("name", "slug", "account_owner", "created_at")

    def title_of(self, row: Any) -> str:
        return str(row.name)

    def neutral_title_of(self, row: Any) -> str:
        return str(row.name)

    def view_on_site(self, row: Organization) -> str:
        return reverse("organization", args=[row.slug])

    @admin.display(description="Account owner")
    def account_owner(self, row: Organization) -> SafeString | str:
        return display.link(row.looked_after_by, getattr(row.looked_after_by, "display_name", ""))


@admin.register(Membership)
class MembershipAdmin(FindsByOrganization, AuditedAdmin):
    """Who belongs to which organization, as what."""

    list_display = ("person", "organization_link", "role", "created_at")
    list_select_related = ("user", "organization")
    list_filter = (ROLES,)
    ordering = ("-id",)
    search_help_text = "Part of an organization's name, or an e-mail address."
    narrowed_by = {"organizations.organization": "organization", "accounts.user": "user"}
    fields = ("user_link", "organization_link", "role", "created_at")

    def also_found(self, text: str) -> Q:
        return Q(user__email__iexact=text)

    def title_of(self, row: Any) -> str:
        return f"{row.user.display_name}, {row.get_role_display()} at {row.organization.name}"

    def view_on_site(self, row: Membership) -> str:
        return reverse("members", args=[row.organization.slug])

    @admin.display(description="Person")
    def person(self, row: Membership) -> str:
        return row.user.display_name

    @admin.display(description="User")
    def user_link(self, row: Membership) -> SafeString | str:
        return display.link(row.user, row.user.display_name)

    @admin.display(description="Organization")
    def organization_link(self, row: Membership) -> SafeString | str:
        return display.link(row.organization, row.organization.name)


def _resend(request: HttpRequest, row: Invitation) -> str:
    rate_limits.spend(request, "invite")
    invitations.resend(invitation=row, actor=current_user(request))
    return "A new link is on its way. The old one no longer works."


def _withdraw(request: HttpRequest, row: Invitation) -> str:
    invitations.withdraw(invitation=row, actor=current_user(request))
    return "Withdrawn. Its link no longer works."


def _is_settled(row: Invitation) -> bool:
    return row.standing(clock.now()) in ("accepted", "withdrawn")


RESEND = Action(
    name="resend",
    label="Resend",
    consequence="The invited person gets a new link by e-mail, good for seven days. The old link stops working.",
    run=_resend,
    fits=lambda row: not _is_settled(row),
)
WITHDRAW = Action(
    name="withdraw",
    label="Withdraw",
    consequence="The link stops working at once. To let the person in after all, send a new invitation.",
    run=_withdraw,
    fits=lambda row: not _is_settled(row),
)


def _of_standing(rows: "QuerySet[Any]", standing: str) -> "QuerySet[Any]":
    waiting = rows.filter(accepted_at=None, withdrawn_at=None)
    return {
        "waiting": waiting.filter(expires_at__gt=clock.now()),
        "expired": waiting.filter(expires_at__lte=clock.now()),
        "accepted": rows.exclude(accepted_at=None),
        "withdrawn": rows.exclude(withdrawn_at=None),
    }[standing]


STANDING = [
    ("waiting", "Not accepted yet"),
    ("accepted", "Accepted"),
    ("withdrawn", "Withdrawn"),
    ("expired", "Expired"),
]


@admin.register(Invitation)
class InvitationAdmin(FindsByOrganization, AuditedAdmin):
    """Who was invited, and what came of it. The link itself is not stored."""

    list_display = ("email", "organization_link", "role", "standing", "sent_at", "expires_at")
    list_select_related = ("organization",)
    list_filter = (one_of("standing", "state", STANDING, _of_standing), ROLES)
    list_defer = ("token_hash",)
    ordering = ("-created_at",)
    search_help_text = "Part of an organization's name, or an e-mail address."
    narrowed_by = {"organizations.organization": "organization"}
    row_actions = (RESEND, WITHDRAW)
    fieldsets = (
        (None, {"fields": ("email", "organization_link", "role", "standing", "inviter")}),
        (
            "Times",
            {"fields": ("created_at", "sent_at", "mailed_at", "opened_at", "accepted_at", "expires_at")},
        ),
    )

    def also_found(self, text: str) -> Q:
        return Q(email=text.lower())

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("organization", "invited_by")

    def title_of(self, row: Any) -> str:
        return f"Invitation of {row.email} to {row.organization.name}"

    def neutral_title_of(self, row: Any) -> str:
        return f"Invitation {str(row.pk)[:8]} to {row.organization.name}"

    def view_on_site(self, row: Invitation) -> str:
        return reverse("members", args=[row.organization.slug])

    @admin.display(description="State")
    def standing(self, row: Invitation) -> str:
        return row.standing(clock.now()).capitalize()

    @admin.display(description="Organization")
    def organization_link(self, row: Invitation) -> SafeString | str:
        return display.link(row.organization, row.organization.name)

    @admin.display(description="Invited by")
    def inviter(self, row: Invitation) -> SafeString | str:
        return display.link(row.invited_by, getattr(row.invited_by, "display_name", ""))


@admin.register(Entry)
class EntryAdmin(FindsByOrganization):
    """Who did what, and when. Append-only."""

    list_display = ("action", "who", "organization_link", "subject", "at")
    list_select_related = ("actor",)
    ordering = ("-id",)
    organization_path = "organization_id"
    search_help_text = "Part of an organization's name, an action, or the id of what it was done to."
    narrowed_by = {"organizations.organization": "organization_id", "accounts.user": "actor"}
    fields = ("action", "who", "organization_link", "subject", "details", "at")

    def also_found(self, text: str) -> Q:
        return Q(action=text) | Q(object_id=text)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        names = Organization.objects.filter(pk=OuterRef("organization_id")).values("name")
        return super().get_queryset(request).select_related("actor").annotate(organization_name=Subquery(names))

    def title_of(self, row: Any) -> str:
        return str(row.action)

    def view_on_site(self, row: Entry) -> str:
        return reverse("audit_log")

    @admin.display(description="Who")
    def who(self, row: Entry) -> SafeString | str:
        if row.actor is not None:
            return display.link(row.actor, row.actor.display_name)
        return "The portal" if row.actor_id is None else f"A former user ({row.actor_id})"

    @admin.display(description="Organization")
    def organization_link(self, row: Any) -> SafeString | str:
        if row.organization_name is None:
            return display.NOTHING
        return display.link(Organization(pk=row.organization_id), row.organization_name)

    @admin.display(description="What")
    def subject(self, row: Entry) -> str:
        return f"{row.object_word} {row.object_id}".strip() or display.NOTHING

    @admin.display(description="Details")
    def details(self, row: Entry) -> SafeString | str:
        return format_html_join("", "<div>{}: {}</div>", row.detail.items()) or display.NOTHING
