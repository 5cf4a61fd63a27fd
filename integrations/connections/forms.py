"""The forms of connections. Secrets are write-only: they are never put back into a page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from integrations.connections import credentials, environments
from integrations.connections.models import Environment
from integrations.total_expert import Rejected


class EnvironmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A world of Total Expert's. Its addresses must be on the list of hosts that may be called."""

    base_url = forms.URLField(label="API address", assume_scheme="https")
    authorize_url = forms.URLField(
        label="Consent address",
        assume_scheme="https",
        help_text="Usually the API address followed by /authorize",
    )

    class Meta:
        model = Environment
        fields = [
            "label",
            "name",
            "base_url",
            "authorize_url",
            "is_production",
            "calls_per_minute",
            "tokens_per_hour",
            "token_body",
        ]
        labels = {
            "label": "Name on screens",
            "name": "Short name",
            "is_production": "This is production",
            "calls_per_minute": "Calls a minute",
            "tokens_per_hour": "Token requests an hour",
            "token_body": "Form of token requests",
        }
        help_texts = {
            "name": "Used in commands: manage.py connect … --environment NAME",
            "calls_per_minute": "Total Expert allows 1,000; 900 leaves room. 0: no limit.",
            "tokens_per_hour": "Total Expert allows 2 for each source address. 0: no limit.",
        }

    #: What says which world an environment is. Ids of two worlds never mix, so this stays once anybody is connected.
    WORLD = ("name", "base_url", "is_production")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.installations.exists():
            for name in self.WORLD:
                self.fields[name].disabled = True
                self.fields[name].help_text = "Stays as it is: organizations are connected here."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            environments.for_client(Environment(**{name: data[name] for name in self.Meta.fields}))
        return data

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].rstrip("/")
        environments.refuse_foreign_host(url)
        return url

    def clean_authorize_url(self) -> str:
        url: str = self.cleaned_data["authorize_url"]
        environments.refuse_foreign_host(url)
        return url


class CredentialsForm(forms.Form):
    """A client id and secret, checked without asking anybody."""

    client_id = forms.CharField(
        label="Client id", max_length=400, strip=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    client_secret = forms.CharField(
        label="Client secret",
        max_length=400,
        strip=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text="Stored encrypted, never shown again.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                data["client_id"], data["client_secret"] = credentials.clean(
                    data["client_id"], data["client_secret"]
                )
            except Rejected as problem:
                raise ValidationError(list(problem.reasons)) from None
        return data


class ApplicationForm(CredentialsForm):
    """The partner's own application."""

    scopes = forms.CharField(
        label="Scopes to ask for",
        max_length=255,
        initial="leadInteraction getUsers describeSchema",
        help_text="Separated by spaces. People see them when they consent.",
    )
