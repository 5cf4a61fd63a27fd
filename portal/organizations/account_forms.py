"""The forms with which people sign up and in: allauth's, in the portal's words."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core import context as allauth_context
from django import forms
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.organizations import invitations, pending
from portal.organizations.forms import NameField
from portal.organizations.models import User
from portal.organizations.refusals import Refused

PASSWORD_HELP = "At least 12 characters, and not a common one. A sentence that only you know is good."  # noqa: S105


class SignupForm(allauth_forms.SignupForm):
    """Sign-up of an invitee. The address is the invitation's, whatever the browser sends."""

    name = NameField()
    field_order = ("email", "name", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = pending.held(allauth_context.request)
        email = self.fields["email"]
        email.label, email.disabled = "E-mail", True
        email.help_text = "Your invitation was sent to it."
        # an address in the query would come in as an initial value of the form
        self.initial["email"] = email.initial = self.invitation.email if self.invitation else ""
        self.fields["password1"].help_text = PASSWORD_HELP
        _drop_placeholders(self)

    def signup(self, request: HttpRequest, user: User) -> None:
        """allauth's hook for what it does not know: the name."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Make the account and use the invitation up, both or neither."""
        if self.account_already_exists:
            return None, redirect("account_login")
        try:
            with transaction.atomic():
                user: User = self.save(request)
                assert self.invitation is not None
                invitations.accept(invitation=self.invitation, user=user)
        except (Refused, IntegrityError):
            # used or withdrawn a moment ago: the sign-up page says which
            return None, redirect("account_signup")
        return user, None


class LoginForm(allauth_forms.LoginForm):
    """E-mail and password; the address of an accepted invitation is filled in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = pending.held(allauth_context.request)
        self.single_sign_on = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
        login = self.fields["login"]
        login.label = "E-mail"
        login.widget.attrs["autocomplete"] = "username"
        login.initial = self.invitation.email if self.invitation else None
        _drop_placeholders(self)


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):
    """The address that a code is mailed to; that of an accepted invitation is filled in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = pending.held(allauth_context.request)
        email = self.fields["email"]
        email.label = "E-mail"
        email.initial = self.invitation.email if self.invitation else None
        _drop_placeholders(self)


class ConfirmLoginCodeForm(allauth_forms.ConfirmLoginCodeForm):
    """The code of the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {
            "autocapitalize": "characters",
            "spellcheck": "false",
            "autofocus": True,
        }
        _drop_placeholders(self)


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    """The address that a link for a new password is mailed to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"
        _drop_placeholders(self)


class _NewPassword:
    """Two fields for a new password, with words and help of the portal's own."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = "New password"
        self.fields["password1"].help_text = PASSWORD_HELP
        self.fields["password2"].label = "New password, again"
        _drop_placeholders(self)


class ResetPasswordKeyForm(_NewPassword, allauth_forms.ResetPasswordKeyForm):
    """A new password instead of a forgotten one."""


class SetPasswordForm(_NewPassword, allauth_forms.SetPasswordForm):
    """A first password."""


class ChangePasswordForm(_NewPassword, allauth_forms.ChangePasswordForm):
    """A new password instead of the current one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Current password"


def _drop_placeholders(form: Any) -> None:
    """Placeholders repeat the labels, and vanish when they are needed."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
