"""Addresses of the organizations app, and of the parts of allauth that the portal uses under allauth's names."""

from allauth.account import views as allauth_views
from django.urls import path, re_path

from portal.organizations import (
    account_screens,
    audit_screens,
    invitation_screens,
    member_screens,
    organization_screens,
)

organizations = [
    path("organizations/new/", organization_screens.new_organization, name="new_organization"),
    path("choose-organization/", organization_screens.choose_organization, name="choose_organization"),
    path("organizations/<slug:slug>/", organization_screens.organization, name="organization"),
    path("organizations/<slug:slug>/looked-after-by/", organization_screens.look_after, name="look_after"),
    path("organizations/<slug:slug>/members/", member_screens.members, name="members"),
    path("organizations/<slug:slug>/members/<int:pk>/role/", member_screens.change_role, name="change_role"),
    path(
        "organizations/<slug:slug>/members/<int:pk>/remove/",
        member_screens.remove_member,
        name="remove_member",
    ),
    path(
        "organizations/<slug:slug>/invitations/<uuid:pk>/resend/",
        member_screens.resend_invitation,
        name="resend_invitation",
    ),
    path(
        "organizations/<slug:slug>/invitations/<uuid:pk>/withdraw/",
        member_screens.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("invitations/<str:token>/", invitation_screens.invitation_page, name="invitation"),
]

account = [
    path("account/", account_screens.account, name="account"),
    path("account/sessions/", account_screens.sessions, name="sessions"),
    path("account/sessions/<int:pk>/end/", account_screens.end_session, name="end_session"),
    path("account/sessions/end-others/", account_screens.end_others, name="end_other_sessions"),
]

# An address is proven by an invitation and stays: allauth's pages for managing addresses have no address here.
sign_in = [
    path("accounts/login/", allauth_views.login, name="account_login"),
    path("accounts/logout/", allauth_views.logout, name="account_logout"),
    path("accounts/inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("accounts/signup/", allauth_views.signup, name="account_signup"),
    path("accounts/login/code/", allauth_views.request_login_code, name="account_request_login_code"),
    path("accounts/login/code/confirm/", allauth_views.confirm_login_code, name="account_confirm_login_code"),
    path(
        "accounts/confirm-email/",
        allauth_views.email_verification_sent,
        name="account_email_verification_sent",
    ),
    re_path(
        r"^accounts/confirm-email/(?P<key>[-:\w]+)/$",
        allauth_views.confirm_email,
        name="account_confirm_email",
    ),
    path("accounts/password/change/", allauth_views.password_change, name="account_change_password"),
    path("accounts/password/set/", allauth_views.password_set, name="account_set_password"),
    path("accounts/password/reset/", allauth_views.password_reset, name="account_reset_password"),
    path(
        "accounts/password/reset/done/", allauth_views.password_reset_done, name="account_reset_password_done"
    ),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/reset/key/done/",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

settings = [path("settings/audit/", audit_screens.audit_log, name="audit_log")]

urlpatterns = [*settings, *organizations, *account, *sign_in]
