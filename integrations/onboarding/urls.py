"""Addresses of the onboarding app."""

from django.urls import path

from integrations.onboarding import views
from integrations.onboarding.bulk import views as bulk_views

urlpatterns = [
    path("organizations/", views.organizations, name="organizations"),
    path("organizations/add-many/", bulk_views.add_many, name="add_many"),
    path("organizations/add-many/template.csv", bulk_views.bulk_template, name="bulk_template"),
    path("organizations/imports/", bulk_views.bulk_imports, name="bulk_imports"),
    path("organizations/imports/<uuid:pk>/", bulk_views.bulk_import, name="bulk_import"),
    path("organizations/imports/<uuid:pk>/confirm/", bulk_views.confirm_import, name="confirm_import"),
    path("organizations/imports/<uuid:pk>/discard/", bulk_views.discard_import, name="discard_import"),
    path("organizations/<slug:slug>/connect/", views.connect, name="connect"),
    path("organizations/<slug:slug>/connect/mail/", views.mail_me, name="mail_me"),
    path(
        "organizations/<slug:slug>/connections/<uuid:pk>/progress/",
        views.connect_result,
        name="connect_result",
    ),
    path(
        "organizations/<slug:slug>/connections/<uuid:pk>/test/",
        views.test_connection,
        name="test_connection",
    ),
]
