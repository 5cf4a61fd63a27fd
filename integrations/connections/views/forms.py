"""The forms of connections. Secrets are write-only: no page ever shows them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from integrations.connections import environments
from integrations.connections.grants import client_credentials
from integrations.connections.limits import capacity
from integrations.connections.models import Budget, Egress, Environment
from integrations.total_expert import Rejected

#: The URL of the page that adds one, so it can't be a name.
RESERVED = "new"


class EnvironmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A Total Expert environment. ENVIRONMENT_HOSTS must list the hosts of its URLs."""

    base_url = forms.URLField(label="API URL", assume_scheme="https")
    authorize_url = forms.URLField(
        label="Authorization URL",
        assume_scheme="https",
        help_text="Usually the API URL followed by /authorize",
    )

    class Meta:
        model = Environment
        fields = [
            "label",
            "name",
            "base_url",
            "authorize_url",
            "web_url",
            "is_production",
            "calls_per_minute",
            "tokens_per_hour",
            "token_body",
            "pkce",
        ]
        labels = {
            "label": "Display name",
            "name": "Short name",
            "web_url": "Contact page URL",
            "is_production": "This is production",
            "calls_per_minute": "Calls per minute",
            "tokens_per_hour": "Token requests per hour",
            "token_body": "Format of token requests",
            "pkce": "Use PKCE",
        }
        help_texts = {
            "name": "Used in commands: manage.py connect … --environment NAME",
            "web_url": "The page of a contact in Total Expert, with {id} in place of its ID. Empty: no link is shown.",
            "calls_per_minute": "Total Expert allows 1,000. 900 leaves a margin. 0: no limit.",
            "tokens_per_hour": "Total Expert allows 2 for each IP address. 0: no limit.",
            "pkce": "Protects authorization codes. Turn it off only if Total Expert refuses authorization requests with it.",
        }

    #: These identify the environment, so they can't change once an organization is connected.
    IDENTITY = ("name", "base_url", "is_production")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.installations.exists():
            for name in self.IDENTITY:
                self.fields[name].disabled = True
                self.fields[name].help_text = "This can't be changed because organizations are connected."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            environments.client_environment(Environment(**{name: data[name] for name in self.Meta.fields}))
        return data

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name == RESERVED:
            raise ValidationError("The portal uses this short name itself. Choose another one.")
        return name

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].rstrip("/")
        environments.validate_host(url)
        return url

    def clean_authorize_url(self) -> str:
        url: str = self.cleaned_data["authorize_url"]
        environments.validate_host(url)
        return url

    def clean_web_url(self) -> str:
        url: str = self.cleaned_data["web_url"]
        if url:
            environments.validate_web_url(url)
        return url


class CredentialsForm(forms.Form):
    """A client id and secret, validated without sending anything."""

    client_id = forms.CharField(
        label="Client ID", max_length=400, strip=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    client_secret = forms.CharField(
        label="Client secret",
        max_length=400,
        strip=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text="Stored encrypted and never shown again.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                data["client_id"], data["client_secret"] = client_credentials.validate(
                    data["client_id"], data["client_secret"]
                )
            except Rejected as problem:
                raise ValidationError(list(problem.reasons)) from None
        return data


class ApplicationForm(CredentialsForm):
    """The credentials of the partner's application."""

    scopes = forms.CharField(
        label="Scopes to request",
        max_length=2000,
        initial="leadInteraction getUsers describeSchema",
        help_text="Separated by spaces. People see them when they give access.",
    )


class AllowanceForm(forms.ModelForm):  # type: ignore[type-arg]
    """How much of a budget other programs use."""

    class Meta:
        model = Budget
        fields = ["others_calls", "others_tokens"]
        labels = {
            "others_calls": "Calls per minute by other programs",
            "others_tokens": "Token requests per hour by other programs",
        }
        help_texts = {
            "others_calls": "Calls that other programs, such as your own backend, make from this IP address. 0: none.",
            "others_tokens": "They count for the same IP address. 0: none.",
        }


class EgressForm(forms.Form):
    """A proxy with its own outbound IP address. Its URL is write-only, since it may contain a password."""

    label = forms.CharField(label="Display name", max_length=60)
    name = forms.SlugField(label="Short name", max_length=32)
    proxy_url = forms.CharField(
        label="Proxy URL",
        max_length=400,
        help_text="https://user:password@proxy.example:3128. Stored encrypted and never shown again. PROXY_HOSTS must list "
        "its host, and Total Expert must agree to calls from its IP address.",
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, egress: Egress | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if egress is not None:
            self.initial["label"] = egress.label
            del self.fields["name"]
            self.fields["proxy_url"].required = False
            self.fields["proxy_url"].label = "New proxy URL, to change its user or password"

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name == RESERVED:
            raise ValidationError("The portal uses this short name itself. Choose another one.")
        if name == Egress.DIRECT or Egress.objects.filter(name=name).exists():
            raise ValidationError("Another outbound IP address has this short name.")
        return name


class StopForm(forms.Form):
    """The reason for activating the kill switch."""

    reason = forms.CharField(label="Reason", max_length=255, help_text="All operators see it.")


def _count(label: str, least: int, most: int, initial: int) -> forms.IntegerField:
    """Return a number field whose errors name the allowed range."""
    between = f"Enter a whole number from {least:,} to {most:,}."
    kinds = ("required", "invalid", "min_value", "max_value")
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        initial=initial,
        error_messages=dict.fromkeys(kinds, between),
    )


class CapacityForm(forms.Form):
    """How many organizations and people will connect."""

    organizations = _count("Organizations", 1, 100_000, 200)
    officers = _count("Loan officers in each", 0, 10_000, 20)
    admins = forms.BooleanField(
        label="Each also with client credentials (admin access)", required=False, initial=False
    )
    hours = _count("Maximum data age (hours)", 1, 24 * 30, 24)
    tokens_per_hour = _count("Token requests per hour and IP address", 1, 1000, 2)

    def estimate(self) -> dict[str, Any]:
        """Return what that needs."""
        return capacity.estimate(**self.cleaned_data)
