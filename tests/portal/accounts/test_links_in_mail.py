"""Links in mails start with PORTAL_URL, whatever Host header a request names."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from tests.portal.people import PASSWORD, person

pytestmark = pytest.mark.django_db
ADA, NOBODY = "ada@cedar.example", "nobody@cedar.example"


@pytest.mark.parametrize("portal_url", ["http://localhost:8000", "https://portal.example"])
@pytest.mark.parametrize(
    "host", ["portal.example", "portal.example:8443", "PORTAL.example:80", "localhost", "localhost:1"]
)
def test_every_link_starts_with_the_address_of_the_portal(settings, host: str, portal_url: str) -> None:
    settings.ALLOWED_HOSTS, settings.PORTAL_URL = ["portal.example", "localhost"], portal_url
    person(ADA)
    client = Client(headers={"host": host})
    for email in (ADA, NOBODY):
        client.post(reverse("account_reset_password"), {"email": email})
        client.post(reverse("account_request_login_code"), {"email": email})
    # signing in with an address that is not confirmed sends a link
    EmailAddress.objects.update(verified=False)
    Client(headers={"host": host}).post(reverse("account_login"), {"login": ADA, "password": PASSWORD})
    # and signing in from a new browser an alert
    EmailAddress.objects.update(verified=True)
    User.objects.update(last_login="2026-01-01T00:00Z")
    Client(headers={"host": host}).post(reverse("account_login"), {"login": ADA, "password": PASSWORD})
    assert len(mail.outbox) == 5
    links = [
        link
        for sent in mail.outbox
        for part in (sent.body, sent.alternatives[0][0])
        for link in re.findall(r"https?://[^\s\"<>]+", part)
    ]
    assert len(links) >= 6
    assert {link for link in links if not link.startswith(f"{portal_url}/")} == set()
