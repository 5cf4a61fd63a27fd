"""The forms with which people sign up and in: allauth's, in the portal's words."""

import re
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings

from portal.accounts import allauth_internals
from portal.accounts.models import User

PASSWORD_HELP = "At least 12 characters, and not a common one. A sentence that only you know is good."  # noqa: S105

#: What mail programs turn into a link.
ADDRESS = re.compile(r"://|[wW]{3}\.|\w\.[a-z]{2,}\b|@")


class NameField(forms.CharField):
    """What somebody is called."""

    def __init__(self) -> None:
        super().__init__(label="Name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def clean(self, value: Any) -> str:
        """One line, and no address: the name stands in mails that the portal sends to others."""
        name = " ".join(str(super().clean(value) or "").split())
        if not name.isprintable() or ADDRESS.search(name):
            raise forms.ValidationError("A name holds no web address and no special characters.")
        return name


class NameForm(forms.ModelForm):  # type: ignore[type-arg]
    """What somebody is called on screens and in invitations."""

    class Meta:
        model = User
        fields = ("name",)

    name = NameField()


class DeleteAccountForm(forms.Form):
    """One's own address, typed to show that the account is meant to go."""

    email = forms.CharField(
        label="Your e-mail, to confirm",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"].strip()
        if typed.lower() != self.user.email.lower():
            raise forms.ValidationError("This is not the address that you sign in with. Nothing was deleted.")
        return typed


class LoginForm(allauth_forms.LoginForm):
    """E-mail and password; the address of an accepted invitation is filled in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = get_adapter().pending_invitation(allauth_internals.current_request())
        self.single_sign_on = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
        login = self.fields["login"]
        login.label = "E-mail"
        login.widget.attrs["autocomplete"] = "username"
        login.initial = self.invitation.email if self.invitation else None
        drop_placeholders(self)


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):
    """The address that a code is mailed to; that of an accepted invitation is filled in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = get_adapter().pending_invitation(allauth_internals.current_request())
        email = self.fields["email"]
        email.label = "E-mail"
        email.initial = self.invitation.email if self.invitation else None
        drop_placeholders(self)


class ConfirmLoginCodeForm(allauth_forms.ConfirmLoginCodeForm):
    """The code of the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {
            "autocapitalize": "characters",
            "spellcheck": "false",
            "autofocus": True,
        }
        drop_placeholders(self)


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    """The address that a link for a new password is mailed to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"
        drop_placeholders(self)


class _NewPassword:
    """Two fields for a new password, with words and help of the portal's own."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = "New password"
        self.fields["password1"].help_text = PASSWORD_HELP
        self.fields["password2"].label = "New password, again"
        drop_placeholders(self)


class ResetPasswordKeyForm(_NewPassword, allauth_forms.ResetPasswordKeyForm):
    """A new password instead of a forgotten one."""


class SetPasswordForm(_NewPassword, allauth_forms.SetPasswordForm):
    """A first password."""


class ChangePasswordForm(_NewPassword, allauth_forms.ChangePasswordForm):
    """A new password instead of the current one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Current password"


def drop_placeholders(form: Any) -> None:
    """Placeholders repeat the labels, and vanish when they are needed."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
