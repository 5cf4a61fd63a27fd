"""Forms for signing in, passwords and one's own account: allauth's, with the portal's texts."""

import secrets
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings

from portal.accounts import allauth_internals, mail_limits
from portal.accounts.models import User
from portal.core import email_addresses, names, text
from portal.core.email_addresses import EmailField
from portal.core.errors import Refused

PASSWORD_HELP = "At least 12 characters, and not a common password. A sentence that only you know works well."  # noqa: S105


class NameField(forms.CharField):
    """A person's name."""

    def __init__(self) -> None:
        super().__init__(
            label="Name", max_length=names.LONGEST, widget=forms.TextInput(attrs={"autocomplete": "name"})
        )

    def clean(self, value: Any) -> str:
        """Return the name as it is stored. Raise ValidationError unless `portal.core.names.clean` accepts it."""
        try:
            return names.clean(super().clean(value))
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None

    def to_python(self, value: Any) -> str:
        return text.clean(super().to_python(value) or "")


class NameForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person's name, as others see it on screens and in invitations."""

    class Meta:
        model = User
        fields = ("name",)

    name = NameField()


class DeleteAccountForm(forms.Form):
    """The user's own email address, typed to confirm that the account should be deleted."""

    email = forms.CharField(
        label="Enter your email to confirm",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        if email_addresses.typed(typed) != self.user.email.lower():
            raise forms.ValidationError("This isn't the email you sign in with. Nothing was deleted.")
        return typed


class LoginForm(allauth_forms.LoginForm):
    """Email and password. The email of an accepted invitation is filled in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = get_adapter().pending_invitation(allauth_internals.current_request())
        self.single_sign_on = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
        self.fields["login"] = login = EmailField()
        login.widget.attrs["autocomplete"] = "username"
        login.initial = self.invitation.email if self.invitation else None
        remove_placeholders(self)


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):
    """The email to send a sign-in code to. That of an accepted invitation is filled in."""

    email = EmailField(widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = get_adapter().pending_invitation(allauth_internals.current_request())
        email = self.fields["email"]
        email.initial = self.invitation.email if self.invitation else None
        remove_placeholders(self)

    def clean_email(self) -> str:
        """Return the address. Say so if no more sign-in emails go there today."""
        email: str = super().clean_email()
        _refuse_too_many_mails(email)
        return email


class ConfirmLoginCodeForm(allauth_forms.ConfirmLoginCodeForm):
    """The sign-in code that was emailed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {
            "autocapitalize": "characters",
            "spellcheck": "false",
            "autofocus": True,
        }
        remove_placeholders(self)

    def clean_code(self) -> str:
        """Compare the hash of the code with the one in the session."""
        code = text.clean(self.cleaned_data["code"])
        entered = allauth_internals.login_code_hash(code)
        if not secrets.compare_digest(entered.encode(), str(self.expected_code or "").encode()):
            raise get_adapter().validation_error("incorrect_code")
        return code


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    """The email to send a password reset link to."""

    email = EmailField(widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def clean_email(self) -> str:
        """Return the address. Say so if no more sign-in emails go there today."""
        email: str = super().clean_email()
        _refuse_too_many_mails(email)
        return email


def _refuse_too_many_mails(email: str) -> None:
    if email and mail_limits.is_sign_in_refused(allauth_internals.current_request(), email):
        raise forms.ValidationError(mail_limits.REACHED)


class _NewPassword:
    """Label the two fields of a new password."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = "New password"
        self.fields["password1"].help_text = PASSWORD_HELP
        self.fields["password2"].label = "Repeat new password"
        remove_placeholders(self)


class ResetPasswordKeyForm(_NewPassword, allauth_forms.ResetPasswordKeyForm):
    """A new password in place of a forgotten one."""


class SetPasswordForm(_NewPassword, allauth_forms.SetPasswordForm):
    """The first password of an account."""


class ChangePasswordForm(_NewPassword, allauth_forms.ChangePasswordForm):
    """A new password in place of the current one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Current password"


def remove_placeholders(form: Any) -> None:
    """Remove placeholders. They repeat the labels, and disappear while one types."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
