"""Forms for second factors: allauth's, with the portal's texts and stricter checks."""

import base64
import json
from typing import Any

from allauth.account.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.conf import settings

from portal.accounts import allauth_internals
from portal.accounts.second_factors import used_codes

CODE_HELP = "The 6-digit code in your authenticator app, or a recovery code."


def base64url_to_bytes(text: str) -> bytes:
    """Decode base64url without padding, as WebAuthn uses it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _prepare_code(form: forms.Form, *, help_text: str) -> None:
    code = form.fields["code"]
    code.label, code.help_text = "Code", help_text
    code.widget.attrs.pop("placeholder", None)
    code.widget.attrs |= {"inputmode": "numeric", "autofocus": True, "spellcheck": "false"}


class _OneTimeCode:
    """Accept each code of an authenticator app only once, even if clocks differ by a period."""

    authenticator: Authenticator
    user: Any
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _prepare_code(self, help_text=CODE_HELP)  # type: ignore[arg-type]

    def clean_code(self) -> str:
        # before allauth checks it, because a correct code clears the count of failed attempts
        if used_codes.was_used(self.user, str(self.cleaned_data["code"])):  # type: ignore[attr-defined]
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]
        is_totp = self.authenticator.type == Authenticator.Type.TOTP
        if is_totp and not used_codes.mark_used(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_OneTimeCode, base_forms.AuthenticateForm):
    """The code that completes a sign-in."""


class ReauthenticateForm(_OneTimeCode, base_forms.ReauthenticateForm):
    """A code to confirm one's identity."""


class ActivateTOTPForm(AllauthActivateTOTPForm):
    """The first code of a new authenticator app, whose secret is kept encrypted in the session until then."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        # not allauth's own constructor, which would store the secret in plain text
        forms.Form.__init__(self, *args, **kwargs)
        request = allauth_internals.current_request()
        self.secret = allauth_internals.pending_totp_secret(request, keep=self.is_bound)
        _prepare_code(self, help_text="The 6-digit code that the app shows now.")

    def clean_code(self) -> str:
        """Check the code, and mark it as used so that it can't also complete a sign-in."""
        code: str = super().clean_code()
        used_codes.mark_used(self.user, code)
        return code


class OwnOriginField(forms.JSONField):
    """The response of a passkey, which must come from the portal's own origin (WebAuthn Level 2, section 7.2).

    allauth also accepts other ports and subdomains.
    """

    def clean(self, value: Any) -> Any:
        try:
            credential = super().clean(value)
            data = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
            is_own = data["origin"] == settings.PORTAL_URL and isinstance(credential["id"], str)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            is_own = False
        if not is_own:
            raise get_adapter().validation_error("incorrect_code")
        return credential


class LoginPasskeyForm(webauthn_forms.LoginWebAuthnForm):
    """A passkey used on its own to sign in."""

    credential = OwnOriginField(widget=forms.HiddenInput)


class AuthenticatePasskeyForm(webauthn_forms.AuthenticateWebAuthnForm):
    """A passkey used as the second factor."""

    credential = OwnOriginField(widget=forms.HiddenInput)


class ReauthenticatePasskeyForm(webauthn_forms.ReauthenticateWebAuthnForm):
    """A passkey used to confirm one's identity."""

    credential = OwnOriginField(widget=forms.HiddenInput)


class AddPasskeyForm(webauthn_forms.AddWebAuthnForm):
    """A new passkey. It always verifies the person (fingerprint, face or PIN), so it can sign in on its own."""

    credential = OwnOriginField(widget=forms.HiddenInput)

    name = forms.CharField(
        label="Name", max_length=60, required=False, help_text="To recognize it in your list."
    )
    passwordless = forms.BooleanField(initial=True, widget=forms.HiddenInput)


class RenamePasskeyForm(webauthn_forms.EditWebAuthnForm):
    """A new name for a passkey."""

    name = forms.CharField(label="Name", max_length=60)


class ConfirmPasswordForm(AllauthReauthenticateForm):
    """The password, to confirm one's identity."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].widget.attrs["autofocus"] = True
