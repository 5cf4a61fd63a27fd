"""Behind trusted proxies, a request without the client's address gets a sentence."""

import logging

import pytest
from django.test import Client
from django.urls import reverse

from portal.site import proxies

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "header",
    ["unknown", "203.0.113.7", "", ",", "a, b, c", "203.0.113.7, unknown, 10.0.0.1", "x" * 4000, None],
)
def test_a_request_without_the_clients_address_is_a_sentence(settings, header: str | None) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    client = Client(headers={} if header is None else {"x-forwarded-for": header})
    for page in (
        client.get(reverse("account_login")),
        client.post(reverse("account_request_login_code"), {"email": "ada@cedar.example"}),
    ):
        assert page.status_code == 400
        assert "Check the proxy and the setting TRUSTED_PROXIES" in page.content.decode()
    assert client.get("/healthz").status_code == 200


def test_the_log_says_so_once_a_minute(settings, caplog, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    seconds = 1000.0
    monkeypatch.setattr(proxies.time, "monotonic", lambda: seconds)
    client = Client(headers={"x-forwarded-for": "unknown"})
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            client.get(reverse("account_login"))
        seconds += 59
        client.get(reverse("account_login"))
        assert len(caplog.records) == 1
        seconds += 2
        client.get(reverse("account_login"))
    assert len(caplog.records) == 2
    assert "TRUSTED_PROXIES" in caplog.text


def test_without_proxies_the_header_is_ignored(settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert Client(headers={"x-forwarded-for": "unknown"}).get(reverse("account_login")).status_code == 200
