"""URLs of organizations, their members and invitations, and the audit log."""

from django.urls import path

from portal.organizations.views import account_deletion, audit, invitations, members, organizations

urlpatterns = [
    path("account/delete/", account_deletion.delete_account, name="delete_account"),
    path("settings/audit/", audit.audit_log, name="audit_log"),
    path("settings/audit/entries.csv", audit.export, name="audit_log_export"),
    path("organizations/new/", organizations.new_organization, name="new_organization"),
    path("organizations/<slug:slug>/", organizations.organization, name="organization"),
    path("organizations/<slug:slug>/edit/", organizations.edit_organization, name="edit_organization"),
    path("organizations/<slug:slug>/members/", members.members, name="members"),
    path("organizations/<slug:slug>/members/<int:pk>/role/", members.change_role, name="change_role"),
    path(
        "organizations/<slug:slug>/members/<int:pk>/remove/",
        members.remove_member,
        name="remove_member",
    ),
    path(
        "organizations/<slug:slug>/invitations/<uuid:pk>/resend/",
        members.resend_invitation,
        name="resend_invitation",
    ),
    path(
        "organizations/<slug:slug>/invitations/<uuid:pk>/withdraw/",
        members.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("invitations/<str:token>/", invitations.invitation_page, name="invitation"),
]
