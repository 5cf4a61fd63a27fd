"""Addresses of edits of one contact. They come before those of a contact's tabs."""

from django.urls import path

from integrations.bulk.contact import views

urlpatterns = [
    path("organizations/<slug:slug>/contacts/new/<slug:environment>/", views.new, name="new_contact"),
    path("organizations/<slug:slug>/contacts/<int:pk>/edit/", views.edit, name="edit_contact"),
    path(
        "organizations/<slug:slug>/contacts/<int:pk>/owner/", views.change_owner, name="change_contact_owner"
    ),
    path("organizations/<slug:slug>/contacts/<int:pk>/delete/", views.delete, name="delete_contact"),
]
