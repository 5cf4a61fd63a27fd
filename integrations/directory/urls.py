"""Addresses of the directory app."""

from django.urls import path

from integrations.directory import views

urlpatterns = [
    path("organizations/<slug:slug>/contacts/", views.contacts, name="contacts"),
    path("organizations/<slug:slug>/contacts/<int:pk>/", views.contact, name="contact"),
    path("organizations/<slug:slug>/sync/<slug:environment>/", views.sync_now, name="sync_now"),
    path(
        "organizations/<slug:slug>/sync/<slug:environment>/progress/",
        views.sync_progress,
        name="sync_progress",
    ),
]
