"""Addresses of the directory app."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from integrations.directory.views import contact, contacts, export, groups, list_setup, required_groups, sync


class RequiredGroupVerb(StringConverter):
    """What people do with a required group or a suggested one."""

    regex = "confirm|dismiss|release"


register_converter(RequiredGroupVerb, "required_group_verb")

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
    path(
        "organizations/<slug:slug>/contacts/columns/<slug:environment>/",
        list_setup.choose_columns,
        name="choose_columns",
    ),
    path(
        "organizations/<slug:slug>/contacts/views/new/<slug:environment>/",
        list_setup.save_view,
        name="save_view",
    ),
    path("organizations/<slug:slug>/contacts/views/<int:pk>/", list_setup.edit_view, name="edit_view"),
    path(
        "organizations/<slug:slug>/contacts/views/<int:pk>/update/",
        list_setup.update_view,
        name="update_view",
    ),
    path(
        "organizations/<slug:slug>/contacts/views/<int:pk>/delete/",
        list_setup.delete_view,
        name="delete_view",
    ),
    path("organizations/<slug:slug>/contacts/<int:pk>/", contact.contact, name="contact"),
    path(
        "organizations/<slug:slug>/contacts/<int:pk>/neighbors/", contact.neighbors, name="contact_neighbors"
    ),
    path("organizations/<slug:slug>/contacts/<int:pk>/<slug:tab>/", contact.contact, name="contact_tab"),
    path("organizations/<slug:slug>/groups/", groups.group_list, name="groups"),
    path("organizations/<slug:slug>/groups/<int:pk>/", groups.group, name="group"),
    path(
        "organizations/<slug:slug>/groups/required/", required_groups.required_groups, name="required_groups"
    ),
    path(
        "organizations/<slug:slug>/groups/required/<slug:environment>/add/",
        required_groups.require_group,
        name="require_group",
    ),
    path(
        "organizations/<slug:slug>/groups/required/<int:pk>/<required_group_verb:verb>/",
        required_groups.change_required_group,
        name="change_required_group",
    ),
    path("organizations/<slug:slug>/sync/<slug:environment>/", sync.sync_now, name="sync_now"),
    path(
        "organizations/<slug:slug>/sync/<slug:environment>/progress/",
        sync.sync_progress,
        name="sync_progress",
    ),
]
