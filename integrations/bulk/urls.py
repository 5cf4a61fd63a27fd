"""Addresses of bulk edits."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from integrations.bulk import views
from integrations.bulk.files import views as file_views


class PlanVerb(StringConverter):
    """What people do with a plan."""

    regex = "apply|resume|cancel|retry|undo"


register_converter(PlanVerb, "plan_verb")

urlpatterns = [
    path("organizations/<slug:slug>/bulk-edits/", views.plans, name="bulk_edits"),
    path("organizations/<slug:slug>/bulk-edits/new/<slug:environment>/", views.new, name="new_bulk_edit"),
    path(
        "organizations/<slug:slug>/bulk-edits/import/<slug:environment>/",
        file_views.import_file,
        name="import_file",
    ),
    path("organizations/<slug:slug>/uploads/<int:pk>/", file_views.upload, name="upload"),
    path(
        "organizations/<slug:slug>/uploads/<int:pk>/pieces/<int:number>/",
        file_views.upload_piece,
        name="upload_piece",
    ),
    path(
        "organizations/<slug:slug>/bulk-edits/<int:pk>/bad-rows.csv",
        file_views.download_bad_rows,
        name="bad_rows",
    ),
    path("organizations/<slug:slug>/bulk-edits/<int:pk>/", views.plan, name="bulk_edit"),
    path("organizations/<slug:slug>/bulk-edits/<int:pk>/rows.csv", views.download, name="bulk_edit_rows"),
    path(
        "organizations/<slug:slug>/bulk-edits/<int:pk>/<plan_verb:verb>/",
        views.change,
        name="change_bulk_edit",
    ),
]
