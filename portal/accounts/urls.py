"""URLs of accounts, and of the views of allauth that the portal uses, with allauth's names."""

from allauth.account import views as allauth_views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as passkey_views
from django.urls import path, re_path
from django.views.decorators.cache import never_cache

from portal.accounts import allauth_internals, single_sign_on, views
from portal.accounts.anonymous_state import kept_in_cookie
from portal.accounts.reauthentication import require_confirmation, require_recent_sign_in
from portal.accounts.second_factors import views as second_factor_views

account = [
    path("account/", views.account, name="account"),
    path("account/sessions/", views.sessions, name="sessions"),
    path("account/sessions/<int:pk>/end/", views.end_session, name="end_session"),
    path("account/sessions/end-others/", views.end_others, name="end_other_sessions"),
]

# allauth's views for managing email addresses are left out: the invitation verified the address, and it can't change.
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
    path(
        "accounts/password/set/",
        require_confirmation(allauth_views.password_set),
        name="account_set_password",
    ),
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

# allauth's list of passkeys is part of the page about all second factors.
second_factors = [
    path("account/second-factor/", second_factor_views.second_factors, name="mfa_index"),
    path("account/second-factor/", second_factor_views.second_factors, name="mfa_list_webauthn"),
    path(
        "account/second-factor/app/",
        require_recent_sign_in(totp_views.activate_totp),
        name="mfa_activate_totp",
    ),
    path("account/second-factor/app/remove/", totp_views.deactivate_totp, name="mfa_deactivate_totp"),
    path(
        "account/second-factor/passkeys/add/",
        require_recent_sign_in(passkey_views.add_webauthn),
        name="mfa_add_webauthn",
    ),
    path(
        "account/second-factor/passkeys/<int:pk>/rename/",
        passkey_views.edit_webauthn,
        name="mfa_edit_webauthn",
    ),
    path(
        "account/second-factor/passkeys/<int:pk>/remove/",
        passkey_views.remove_webauthn,
        name="mfa_remove_webauthn",
    ),
    path(
        "account/second-factor/recovery-codes/",
        never_cache(recovery_views.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/second-factor/recovery-codes/download/",
        recovery_views.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path(
        "account/second-factor/recovery-codes/generate/",
        recovery_views.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path("accounts/login/second-factor/", mfa_views.authenticate, name="mfa_authenticate"),
    path(
        "accounts/login/passkey/",
        kept_in_cookie(allauth_internals.PASSKEY_CHALLENGE, cookie="portal_passkey")(
            passkey_views.login_webauthn
        ),
        name="mfa_login_webauthn",
    ),
    path("accounts/confirm/", allauth_views.reauthenticate, name="account_reauthenticate"),
    path("accounts/confirm/code/", mfa_views.reauthenticate, name="mfa_reauthenticate"),
    path(
        "accounts/confirm/passkey/",
        passkey_views.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
]

_with_state = kept_in_cookie(allauth_internals.SINGLE_SIGN_ON_STATES, cookie="portal_single_sign_on")
single_sign_on_pages = [
    path("accounts/single-sign-on/", _with_state(single_sign_on.begin), name="single_sign_on"),
    path(
        "accounts/single-sign-on/callback/",
        _with_state(single_sign_on.callback),
        {"provider_id": single_sign_on.PROVIDER_ID},
        name="openid_connect_callback",
    ),
    path("accounts/single-sign-on/canceled/", single_sign_on.canceled, name="socialaccount_login_cancelled"),
]

urlpatterns = [*account, *sign_in, *second_factors, *single_sign_on_pages]
