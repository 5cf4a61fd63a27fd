"""Addresses of bulk edits."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from integrations.bulk import decisions, views
from integrations.bulk.files import views as file_views
from integrations.bulk.groups import views as group_views


class PlanVerb(StringConverter):
    """What people do with a plan."""

    regex = "apply|resume|cancel|retry|pause|continue|undo"


class ApprovalVerb(StringConverter):
    """What people do about the approval of a plan."""

    regex = "evidence|approve"


class ConflictVerb(StringConverter):
    """What people decide about a contact that changed since the plan."""

    regex = "keep|overwrite"


class ChangeVerb(StringConverter):
    """What people do with groups that exist."""

    regex = "rename|delete"


register_converter(ApprovalVerb, "approval_verb")
register_converter(ConflictVerb, "conflict_verb")
register_converter(PlanVerb, "plan_verb")
register_converter(ChangeVerb, "change_verb")

urlpatterns = [
    path("organizations/<slug:slug>/bulk-edits/", views.plans, name="bulk_edits"),
    path("organizations/<slug:slug>/bulk-edits/new/<slug:environment>/", views.new, name="new_bulk_edit"),
    path(
        "organizations/<slug:slug>/bulk-edits/new/<slug:environment>/value/<int:number>/",
        views.value_input,
        name="bulk_edit_value",
    ),
    path(
        "organizations/<slug:slug>/bulk-edits/import/<slug:environment>/",
        file_views.import_file,
        name="import_file",
    ),
    path("organizations/<slug:slug>/bulk-edits/uploads/<int:pk>/", file_views.upload, name="upload"),
    path(
        "organizations/<slug:slug>/bulk-edits/uploads/<int:pk>/pieces/<int:number>/",
        file_views.upload_piece,
        name="upload_piece",
    ),
    path(
        "organizations/<slug:slug>/bulk-edits/<int:pk>/bad-rows.csv",
        file_views.download_bad_rows,
        name="bad_rows",
    ),
    path("organizations/<slug:slug>/groups/new/<slug:environment>/", group_views.new_group, name="new_group"),
    path(
        "organizations/<slug:slug>/groups/<int:pk>/<change_verb:verb>/",
        group_views.change_group,
        name="change_group",
    ),
    path(
        "organizations/<slug:slug>/groups/<int:pk>/remove/",
        group_views.remove_from_group,
        name="remove_from_group",
    ),
    path(
        "organizations/<slug:slug>/groups/required/<slug:environment>/fix/",
        group_views.fix_required_groups,
        name="fix_required_groups",
    ),
    path(
        "organizations/<slug:slug>/groups/required/<int:pk>/create/",
        group_views.create_required_group,
        name="create_required_group",
    ),
    path("organizations/<slug:slug>/bulk-edits/<int:pk>/", views.plan, name="bulk_edit"),
    path("organizations/<slug:slug>/bulk-edits/<int:pk>/rows.csv", views.download, name="bulk_edit_rows"),
    path(
        "organizations/<slug:slug>/bulk-edits/<int:pk>/<plan_verb:verb>/",
        views.change,
        name="change_bulk_edit",
    ),
    path(
        "organizations/<slug:slug>/bulk-edits/<int:pk>/approval/<approval_verb:verb>/",
        decisions.approve,
        name="approve_bulk_edit",
    ),
    path(
        "organizations/<slug:slug>/bulk-edits/<int:pk>/changed/<int:number>/<conflict_verb:verb>/",
        decisions.decide,
        name="decide_bulk_edit_row",
    ),
    path(
        "organizations/<slug:slug>/bulk-edits/<int:pk>/changed/<conflict_verb:verb>/",
        decisions.decide_all,
        name="decide_bulk_edit_rows",
    ),
]
