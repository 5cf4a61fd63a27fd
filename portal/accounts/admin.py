"""Users in Django's admin."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from portal.accounts import sessions, user_agents
from portal.accounts.guard import current_user
from portal.accounts.models import User
from portal.accounts.second_factors import rules
from portal.audit.history import AuditedAdmin
from portal.core.admin import display
from portal.core.admin.actions import Action
from portal.core.admin.filters import yes_or_no

#: Sessions that a user's page shows, the latest ones.
SHOWN = 20


def _end_sessions(request: HttpRequest, user: User) -> str:
    ended = sessions.end_all(user=user, actor=current_user(request))
    return f"{ended} {'session' if ended == 1 else 'sessions'} ended."


END_SESSIONS = Action(
    name="end-sessions",
    label="Sign out",
    consequence="All their sessions end at once, and they must sign in again. Their accounts and their work stay.",
    run=_end_sessions,
    is_destructive=True,
)


@admin.register(User)
class UserAdmin(AuditedAdmin):
    """Everybody who signs in."""

    list_display = ("name_or_email", "email", "is_operator", "is_active", "last_login", "date_joined")
    list_filter = (yes_or_no("is_operator", "operator"), yes_or_no("is_active", "active"))
    list_defer = ("password",)
    ordering = ("email",)
    sorts = ("email",)
    search_fields = ("search",)
    search_help_text = "Part of a name or of an email address."
    row_actions = (END_SESSIONS,)
    fieldsets = (
        (None, {"fields": ("name", "email", "is_operator", "is_active", "has_second_factor")}),
        ("Signing in", {"fields": ("date_joined", "last_login", "open_sessions")}),
    )

    def title_of(self, row: Any) -> str:
        return str(row.display_name)

    @admin.display(description="Name")
    def name_or_email(self, row: User) -> str:
        return row.display_name

    @admin.display(description="Second factor", boolean=True)
    def has_second_factor(self, row: User) -> bool:
        return rules.has_second_factor(row)

    @admin.display(description="Sessions")
    def open_sessions(self, row: User) -> SafeString | str:
        found = UserSession.objects.filter(user=row).order_by("-last_seen_at")[:SHOWN]
        return display.lines(
            f"{user_agents.browser_name(each.user_agent)}, last used {display.time(each.last_seen_at)}"
            for each in found
        )
