"""The forms of second factors: allauth's, in the portal's words."""

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
from portal.accounts.second_factors import rules

CODE_HELP = "Six digits from your authenticator app, or one of your recovery codes."


def base64url_to_bytes(text: str) -> bytes:
    """Base64 as WebAuthn writes it, without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _prepare_code(form: forms.Form, *, help_text: str) -> None:
    code = form.fields["code"]
    code.label, code.help_text = "Code", help_text
    code.widget.attrs.pop("placeholder", None)
    code.widget.attrs |= {"inputmode": "numeric", "autofocus": True, "spellcheck": "false"}


class _OneTimeCode:
    """A code of an app works once, also where clocks may differ by a step. allauth notes it for one step only."""

    authenticator: Authenticator
    user: Any
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _prepare_code(self, help_text=CODE_HELP)  # type: ignore[arg-type]

    def clean_code(self) -> str:
        # before allauth looks: a code that is right would clear the count of failures
        if rules.was_used(self.user, str(self.cleaned_data["code"])):  # type: ignore[attr-defined]
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]
        is_totp = self.authenticator.type == Authenticator.Type.TOTP
        if is_totp and not rules.use_once(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_OneTimeCode, base_forms.AuthenticateForm):
    """The code that completes a sign-in."""


class ReauthenticateForm(_OneTimeCode, base_forms.ReauthenticateForm):
    """The code that confirms that it is still the same person."""


class ActivateTOTPForm(AllauthActivateTOTPForm):
    """The first code of an authenticator app. Until it came, its secret waits in the session, sealed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        forms.Form.__init__(self, *args, **kwargs)
        request = allauth_internals.current_request()
        self.secret = allauth_internals.pending_totp_secret(request, keep=self.is_bound)
        _prepare_code(self, help_text="The six digits that the app shows now.")

    def clean_code(self) -> str:
        """The first code does not sign in as well."""
        code: str = super().clean_code()
        rules.use_once(self.user, code)
        return code


class OwnOriginField(forms.JSONField):
    """What a passkey answers, made on the portal's own pages: not on another port or subdomain (WebAuthn, 7.2)."""

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
    """A passkey that signs in alone."""

    credential = OwnOriginField(widget=forms.HiddenInput)


class AuthenticatePasskeyForm(webauthn_forms.AuthenticateWebAuthnForm):
    """A passkey as the second step."""

    credential = OwnOriginField(widget=forms.HiddenInput)


class ReauthenticatePasskeyForm(webauthn_forms.ReauthenticateWebAuthnForm):
    """A passkey to confirm that it is still the same person."""

    credential = OwnOriginField(widget=forms.HiddenInput)


class AddPasskeyForm(webauthn_forms.AddWebAuthnForm):
    """A new passkey. It always asks for the person (finger, face or PIN), so that it can sign in on its own."""

    credential = OwnOriginField(widget=forms.HiddenInput)

    name = forms.CharField(
        label="Name", max_length=60, required=False, help_text="So that you recognise it in the list."
    )
    passwordless = forms.BooleanField(initial=True, widget=forms.HiddenInput)


class RenamePasskeyForm(webauthn_forms.EditWebAuthnForm):
    """Another name for a passkey."""

    name = forms.CharField(label="Name", max_length=60)


class PasswordAgainForm(AllauthReauthenticateForm):
    """The password, to confirm that it is still the same person."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].widget.attrs["autofocus"] = True
