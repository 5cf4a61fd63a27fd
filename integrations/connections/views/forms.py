"""The forms of connections. Secrets are write-only: they are never put back into a page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from integrations.connections import environments
from integrations.connections.grants import client_credentials
from integrations.connections.limits import capacity
from integrations.connections.models import Budget, Egress, Environment
from integrations.total_expert import Rejected

#: The address of the page where one is added, so it names none.
RESERVED = "new"


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
            environments.client_environment(Environment(**{name: data[name] for name in self.Meta.fields}))
        return data

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name == RESERVED:
            raise ValidationError("This short name is taken by a page of the portal. Choose another one.")
        return name

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].rstrip("/")
        environments.validate_host(url)
        return url

    def clean_authorize_url(self) -> str:
        url: str = self.cleaned_data["authorize_url"]
        environments.validate_host(url)
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
                data["client_id"], data["client_secret"] = client_credentials.validate(
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


class AllowanceForm(forms.ModelForm):  # type: ignore[type-arg]
    """What other programs use of a budget."""

    class Meta:
        model = Budget
        fields = ["others_calls", "others_tokens"]
        labels = {
            "others_calls": "Calls a minute by others",
            "others_tokens": "Token requests an hour by others",
        }
        help_texts = {
            "others_calls": "What else calls Total Expert from this address, for example your own backend. 0: nothing.",
            "others_tokens": "They count for the same address. 0: none.",
        }


class EgressForm(forms.Form):
    """A proxy by which calls go out. Its address is write-only, since it may hold a password."""

    label = forms.CharField(label="Name on screens", max_length=60)
    name = forms.SlugField(label="Short name", max_length=32)
    proxy_url = forms.CharField(
        label="Address of the proxy",
        max_length=400,
        help_text="https://user:password@proxy.example:3128. Stored encrypted, never shown again. Its host must be "
        "listed in PROXY_HOSTS, and Total Expert must agree to calls from its address.",
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, way: Egress | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if way is not None:
            self.initial["label"] = way.label
            del self.fields["name"]
            self.fields["proxy_url"].required = False
            self.fields["proxy_url"].label = "Its address with another user or password"

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name == RESERVED:
            raise ValidationError("This short name is taken by a page of the portal. Choose another one.")
        if name == Egress.DIRECT or Egress.objects.filter(name=name).exists():
            raise ValidationError("Another address has this short name.")
        return name


class StopForm(forms.Form):
    """Why everything is stopped."""

    reason = forms.CharField(label="Why", max_length=255, help_text="For the other operators.")


def _count(label: str, least: int, most: int, initial: int) -> forms.IntegerField:
    """A number to type, whose errors say what it may be."""
    between = f"Write a whole number from {least:,} to {most:,}."
    kinds = ("required", "invalid", "min_value", "max_value")
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        initial=initial,
        error_messages=dict.fromkeys(kinds, between),
    )


class CapacityForm(forms.Form):
    """How many organizations and people are to be connected."""

    organizations = _count("Organizations", 1, 100_000, 200)
    officers = _count("Loan officers who consent, in each", 0, 10_000, 20)
    admins = forms.BooleanField(
        label="Each also by client credentials, as admin", required=False, initial=False
    )
    hours = _count("Mirrors at most so many hours old", 1, 24 * 30, 24)
    tokens_per_hour = _count("Token requests an hour and address", 1, 1000, 2)

    def answer(self) -> dict[str, Any]:
        """What that takes."""
        return capacity.estimate(**self.cleaned_data)
