"""Addresses of the onboarding app."""

from django.urls import path

from integrations.onboarding import bulk_screens, screens

urlpatterns = [
    path("organizations/", screens.organizations, name="organizations"),
    path("organizations/add-many/", bulk_screens.add_many, name="add_many"),
    path("organizations/add-many/template.csv", bulk_screens.bulk_template, name="bulk_template"),
    path("organizations/imports/", bulk_screens.bulk_imports, name="bulk_imports"),
    path("organizations/imports/<uuid:pk>/", bulk_screens.bulk_import, name="bulk_import"),
    path("organizations/imports/<uuid:pk>/confirm/", bulk_screens.confirm_import, name="confirm_import"),
    path("organizations/imports/<uuid:pk>/discard/", bulk_screens.discard_import, name="discard_import"),
    path("organizations/<slug:slug>/connect/", screens.connect, name="connect"),
    path("organizations/<slug:slug>/connect/mail/", screens.mail_me, name="mail_me"),
    path(
        "organizations/<slug:slug>/connections/<uuid:pk>/progress/",
        screens.connect_result,
        name="connect_result",
    ),
    path(
        "organizations/<slug:slug>/connections/<uuid:pk>/test/",
        screens.test_connection,
        name="test_connection",
    ),
]
