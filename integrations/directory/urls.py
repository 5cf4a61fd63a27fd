"""Addresses of the directory app."""

from django.urls import path

from integrations.directory import screens

urlpatterns = [
    path("organizations/<slug:slug>/contacts/", screens.contacts, name="contacts"),
    path("organizations/<slug:slug>/contacts/<int:pk>/", screens.contact, name="contact"),
    path("organizations/<slug:slug>/sync/<slug:environment>/", screens.sync_now, name="sync_now"),
    path(
        "organizations/<slug:slug>/sync/<slug:environment>/progress/",
        screens.sync_progress,
        name="sync_progress",
    ),
]
