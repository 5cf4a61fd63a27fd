"""What allauth asks the portal about accounts and sign-in."""

import logging
from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal.accounts import allauth_internals, devices, mail_limits
from portal.accounts.client_address import client_address
from portal.accounts.models import User
from portal.accounts.reauthentication import is_recent
from portal.branding import mail
from portal.core import daily_limits

logger = logging.getLogger(__name__)

#: The attribute of a request for a sign-in code that holds the code.
NEW_CODE = "_new_login_code"

#: Labels of the ways to confirm one's identity, by allauth's ids.
REAUTHENTICATION_LABELS = {
    "reauthenticate": "Use your password",
    "mfa_reauthenticate": "Use a code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}


class AccountAdapter(DefaultAccountAdapter):
    """Accounts that nobody can create without an invitation, and whose email address can't change.

    A subclass in `portal.organizations` connects this to invitations.
    """

    #: Whether the current user has never signed in before.
    _is_first_sign_in = False
    #: Whether the email that is being sent tells about a change, rather than lets someone sign in.
    _is_notification = False
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "Incorrect email or password. Try again, or sign in with a code.",
        "too_many_login_attempts": "Too many failed attempts. Wait five minutes, then try again.",
        "too_many_login_attempts_today": "Too many failed attempts today. Sign in with a code sent to your email instead.",
        "rate_limited": "Too many requests. Wait a minute, then try again.",
        "incorrect_code": "This code is incorrect. Use the code in the latest email, or request a new one.",
        "incorrect_password": "Incorrect password.",
        "enter_current_password": "Incorrect current password.",
    }

    def pending_invitation(self, request: HttpRequest) -> Any:
        """Return the invitation accepted in this browser that still waits for a sign-in or sign-up, or None."""
        return None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: nobody can sign up without an invitation."""
        return False

    def after_login(self, request: HttpRequest, user: User, response: HttpResponse) -> HttpResponse:
        """Return the response to a sign-in. A subclass may redirect elsewhere."""
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        self._is_first_sign_in = user.last_login is None
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        """Handle a completed sign-in or sign-up: email the user if the browser is new.

        No email is sent for the first sign-in of an account.
        """
        response: HttpResponse = super().post_login(request, user, **details)
        response = self.after_login(request, user, response)
        if user.pk not in devices.known_user_ids(request) and not self._is_first_sign_in:
            devices.send_alert(request, user)
        devices.remember(request, response, user)
        return response

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMultiAlternatives:
        """Return allauth's emails in the partner's name and look."""
        if template_prefix == "account/email/login_code":
            context = {**context, "code": getattr(self.request, NEW_CODE)}
        return mail.compose(
            f"{template_prefix}.html", to=[email] if isinstance(email, str) else email, context=context
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's IP address. Raise PermissionDenied if it is unknown."""
        address = client_address(request)
        if address is None:
            raise PermissionDenied("The client's IP address is unknown.")
        return address

    def generate_login_code(self) -> str:
        """Make a sign-in code and return its hash: allauth stores it in the session and passes it to the email.

        The code itself stays with the request until `render_mail` writes it into the email.
        """
        code: str = super().generate_login_code()
        setattr(self.request, NEW_CODE, code)
        return allauth_internals.login_code_hash(code)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return _at_portal_url(super().get_email_confirmation_url(request, emailconfirmation))

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _at_portal_url(super().get_reset_password_from_key_url(key))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count an attempt to sign in with a password. Raise ValidationError if there were too many.

        Attempts count by account and IP address, so that nobody can lock someone else out. A high limit for each account,
        for browsers in which it was never used, stops guessing from many addresses.
        """
        super().pre_authenticate(request, **credentials)
        email = str(credentials.get("email", "")).lower()
        source = self._get_login_attempts_cache_key(request, **credentials)
        attempts = [("login_failed_daily", source)]
        if not mail_limits.is_known_browser(request, email):
            attempts.append(("login_failed_account", email))
        for action, key in attempts:
            usage = allauth_internals.count_attempt(request, action, key)
            if usage is None:
                raise self.validation_error("too_many_login_attempts_today")
            self._login_failed_rl_usage.usage += usage.usage

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        account = super()._get_login_attempts_cache_key(request, **credentials)
        if mail_limits.is_known_browser(request, str(credentials.get("email", ""))):
            return f"{account}:known browser"
        return f"{account}:{allauth_internals.client_ip(request)}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of allauth's emails, unless the daily limits are reached. A page that promised it says so."""
        request = allauth_internals.current_request()
        limits = (
            [mail_limits.notification(email)]
            if self._is_notification
            else mail_limits.sign_in(request, email)
        )
        try:
            daily_limits.spend(*limits, sentence=mail_limits.REACHED)
        except daily_limits.LimitReached as reached:
            if not self._is_notification:
                request.portal_mail_refused = True  # type: ignore[attr-defined]
                messages.error(request, str(reached))
        else:
            self._deliver(request, template_prefix, email, context)

    def _deliver(
        self, request: HttpRequest, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        """Send one of allauth's emails. If the mail server doesn't accept it, a page that promised it says so."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:  # the base class of smtplib's errors, too
            if self._is_notification:
                raise
            logger.error("Email %s was not sent (%s).", template_prefix, type(error).__name__)
            raise ImmediateHttpResponse(render(request, "account/mail_not_sent.html", status=503)) from None

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Add a message, unless it says that an email was sent that was not."""
        if level == messages.SUCCESS and getattr(request, "portal_mail_refused", False):
            return
        super().add_message(request, level, *args, **kwargs)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Email ``user`` about a change that was made. If sending fails, log it and keep the change."""
        self._is_notification = True
        try:
            super().send_notification_mail(template_prefix, user, context, email)
        except OSError as error:
            logger.error("Email %s to %s was not sent (%s).", template_prefix, user, type(error).__name__)
        finally:
            self._is_notification = False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return False shortly after a sign-in, even if it was without a password."""
        return not is_recent(self.request) and bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return the ways in which ``user`` can confirm their identity, with the portal's labels."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**method, "description": REAUTHENTICATION_LABELS[method["id"]]} for method in found]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")


def _at_portal_url(url: str) -> str:
    """Return ``url`` at ``PORTAL_URL``, whatever host the request named."""
    return f"{settings.PORTAL_URL}{urlsplit(url).path}"
