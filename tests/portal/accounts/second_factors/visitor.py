"""Steps of a person with a second factor, for tests."""

from typing import Any

from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from tests.portal.people import PASSWORD, totp_code

ADA, OLIVIA = "ada@cedar.example", "olivia@partner.example"
HOME = "/"


def by_password(email: str) -> Client:
    """Enter email and password."""
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    return client


def complete(client: Client, code: str) -> Any:
    """Enter a code as the second step."""
    return client.post(reverse("mfa_authenticate"), {"code": code})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def expire_allauths_record(user: User, code: str) -> None:
    """Delete allauth's record that a code was used, which expires after one period although codes work for three."""
    key = f"allauth.mfa.totp.used?user={user.pk}&code={code}"
    assert cache.delete(key), "allauth stores used codes under another cache key now"


def set_up_an_app(client: Client) -> str:
    """Set up an authenticator app on its page and return its secret."""
    page = client.get(reverse("mfa_activate_totp"))
    secret: str = page.context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)})
    return secret
