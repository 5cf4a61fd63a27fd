"""Required groups in Django's admin, with require, dismiss and release."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from integrations.directory import required_groups
from integrations.directory.admin.installation import ByInstallationAdmin
from integrations.directory.models import RequiredGroup
from portal.accounts.guard import current_user
from portal.audit.history import AuditedAdmin
from portal.core.admin import display
from portal.core.admin.actions import Action
from portal.core.admin.filters import one_of
from portal.core.errors import Refused


def _unless(*states: str) -> Callable[[RequiredGroup], str]:
    """Return the refusal of an action for groups in none of these states."""

    def refusal(row: RequiredGroup) -> str:
        return "" if row.state in states else f"This group is {row.get_state_display().lower()}."

    return refusal


def _require(request: HttpRequest, row: RequiredGroup) -> str:
    required_groups.require(row.installation, row.name, current_user(request))
    return "New contacts need this group."


def _move(verb: Callable[..., bool], done: str) -> Callable[[HttpRequest, RequiredGroup], str]:
    def run(request: HttpRequest, row: RequiredGroup) -> str:
        if not verb(row, current_user(request)):
            raise Refused("Nothing was changed. Its state has changed in the meantime.")
        return done

    return run


REQUIRE = Action(
    name="require",
    label="Require",
    consequence="New contacts need a group of this name. Contacts that lack it are listed.",
    run=_require,
    refusal=lambda row: "This group is required already." if row.is_required else "",
)
DISMISS = Action(
    name="dismiss",
    label="Dismiss",
    consequence="The suggestion disappears and isn't made again.",
    run=_move(required_groups.dismiss, "Dismissed."),
    refusal=_unless(RequiredGroup.State.SUGGESTED),
)
RELEASE = Action(
    name="release",
    label="Stop requiring",
    consequence="New contacts no longer need a group of this name. Contacts keep their groups.",
    run=_move(required_groups.release, "No longer required."),
    refusal=_unless(RequiredGroup.State.REQUIRED),
    is_destructive=True,
)


@admin.register(RequiredGroup)
class RequiredGroupAdmin(ByInstallationAdmin, AuditedAdmin):
    """Names of groups that new contacts need, as people recorded them or as a refused create suggested."""

    list_display = ("name", "state", "source", "recorder", "recorded_at")
    list_filter = (one_of("state", "state", list(RequiredGroup.State.choices)),)
    ordering = ("folded_name",)
    sorts = ("folded_name",)
    row_actions = (REQUIRE, DISMISS, RELEASE)
    fieldsets = (
        (None, {"fields": ("name", "state", "source")}),
        ("Recorded", {"fields": ("recorder", "recorded_at")}),
        ("Required by", {"fields": ("installation_link",)}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("recorded_by")

    def title_of(self, row: Any) -> str:
        return str(row.name)

    def view_on_site(self, row: RequiredGroup) -> str:
        place = reverse("required_groups", args=[row.installation.organization.slug])
        return f"{place}?{urlencode({'environment': row.installation.environment.name})}"

    @admin.display(description="Recorded by")
    def recorder(self, row: RequiredGroup) -> SafeString | str:
        return display.link(row.recorded_by, getattr(row.recorded_by, "display_name", ""))
