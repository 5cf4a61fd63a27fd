"""Addresses of the directory app."""

from django.urls import path

from integrations.directory.views import contact, contacts, export, sync

urlpatterns = [
    path("organizations/<slug:slug>/contacts/", contacts.contacts, name="contacts"),
    path(
        "organizations/<slug:slug>/contacts/filters/<slug:name>/",
        contacts.filter_options,
        name="contact_filter_options",
    ),
    path(
        "organizations/<slug:slug>/contacts/export/<slug:environment>/csv/",
        export.export_csv,
        name="export_contacts_csv",
    ),
    path(
        "organizations/<slug:slug>/contacts/export/<slug:environment>/xlsx/",
        export.export_xlsx,
        name="export_contacts_xlsx",
    ),
    path("organizations/<slug:slug>/contacts/<int:pk>/", contact.contact, name="contact"),
    path("organizations/<slug:slug>/contacts/<int:pk>/<slug:tab>/", contact.contact, name="contact_tab"),
    path("organizations/<slug:slug>/sync/<slug:environment>/", sync.sync_now, name="sync_now"),
    path(
        "organizations/<slug:slug>/sync/<slug:environment>/progress/",
        sync.sync_progress,
        name="sync_progress",
    ),
]
