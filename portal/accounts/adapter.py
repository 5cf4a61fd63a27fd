"""How people sign up and sign in: what allauth asks the portal."""

import logging
from smtplib import SMTPException
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from portal.accounts import devices
from portal.accounts.models import User
from portal.accounts.reauthentication import is_fresh

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up by invitation only; an address is proven by the invitation sent to it and can't be changed."""

    #: Whether whoever is signing in has never signed in before.
    _is_first = False
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This e-mail and password do not go together. Try again, or sign in with a code.",
        "too_many_login_attempts": "Too many tries. Wait five minutes, then try again.",
        "rate_limited": "Too many requests. Wait a minute, then try again.",
        "incorrect_code": "This is not the code of the latest mail. Look again, or ask for a new one.",
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your current password.",
    }

    def pending_invitation(self, request: HttpRequest) -> Any:
        """Return the invitation that this browser accepted and still has to sign in or sign up for, or None."""
        return None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: nobody signs up without an invitation."""
        return False

    def after_login(self, request: HttpRequest, user: User, response: HttpResponse) -> HttpResponse:
        """Return the response that follows a sign-in. A subclass may lead elsewhere."""
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        self._is_first = user.last_login is None
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        """After signing in or up: an invitation that was waiting for it is used up, and leads on.

        A browser that is new for this person is told to them, except the one in which they came here first.
        """
        response: HttpResponse = super().post_login(request, user, **details)
        response = self.after_login(request, user, response)
        if user.pk not in devices.known_people(request) and not self._is_first:
            devices.tell(request, user)
        devices.remember(request, response, user)
        return response

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Mail ``user`` what has happened. It has: a mail server that refuses is logged and undoes nothing."""
        try:
            super().send_notification_mail(template_prefix, user, context, email)
        except (SMTPException, OSError) as refused:
            logger.error("%s of %s was not sent (%s).", template_prefix, user, type(refused).__name__)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not right after signing in: that was proof enough."""
        return not is_fresh(self.request) and bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to confirm oneself, in the portal's words."""
        words = {
            "reauthenticate": "Use your password",
            "mfa_reauthenticate": "Use a code",
            "mfa_reauthenticate:webauthn": "Use a passkey",
        }
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**method, "description": words[method["id"]]} for method in found]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")
