"""Cookies with characters that no database stores are ignored."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts import devices
from portal.site import zone

pytestmark = pytest.mark.django_db
#: As http.cookies reads them: a backslash and three digits in quotation marks are a character.
ODD = [
    '"abcdefgh\\000x"',
    '"\\000"',
    '"abcdefgh\\377\\376"',
    '"' + "\\000" * 40 + '"',
    '"' + "a" * 31 + "\\000" + '"',
    "abcdefgh'--",
    "a" * 4000,
    '"\\303\\050abcdefgh"',
    "x",
    "",
]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("name", ["portal_session", "portal_csrf", "messages", devices.COOKIE, zone.COOKIE])
def test_an_odd_cookie_is_ignored(name: str, value: str) -> None:
    client = Client(headers={"cookie": f"{name}={value}"})
    assert client.get(reverse("home")).status_code == 302
    assert client.get(reverse("account_login")).status_code == 200
