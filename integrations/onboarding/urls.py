"""URLs of the onboarding app."""

from django.urls import path

from integrations.onboarding.bulk import views as bulk_views
from integrations.onboarding.views import connect, organizations

urlpatterns = [
    path("organizations/", organizations.organizations, name="organizations"),
    path("organizations/add-many/", bulk_views.add_many, name="add_many"),
    path("organizations/add-many/template.csv", bulk_views.bulk_template, name="bulk_template"),
    path("organizations/imports/", bulk_views.bulk_imports, name="bulk_imports"),
    path("organizations/imports/<uuid:pk>/", bulk_views.bulk_import, name="bulk_import"),
    path("organizations/imports/<uuid:pk>/confirm/", bulk_views.confirm_import, name="confirm_import"),
    path("organizations/imports/<uuid:pk>/discard/", bulk_views.discard_import, name="discard_import"),
    path("organizations/<slug:slug>/connect/", connect.connect, name="connect"),
    path("organizations/<slug:slug>/connect/mail/", connect.mail_me, name="mail_me"),
    path(
        "organizations/<slug:slug>/connections/<uuid:pk>/progress/",
        connect.connect_result,
        name="connect_result",
    ),
    path(
        "organizations/<slug:slug>/connections/<uuid:pk>/test/",
        connect.test_connection,
        name="test_connection",
    ),
]
