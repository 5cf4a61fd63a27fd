"""The operators' page that changes the branding."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.branding import brand
from portal.branding.models import Branding
from tests.portal.branding.pictures import bomb, picture
from tests.portal.conftest import SignedIn

EMPTY = {"partner_name": "", "product_name": "", "accent_color": "", "support_email": "", "privacy_url": ""}
URL = "/settings/branding/"


@pytest.fixture
def browser(operator: User, signed_in: SignedIn) -> Client:
    return signed_in(operator)


def save(browser: Client, **values: Any) -> str:
    response = browser.post(URL, EMPTY | values, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def test_what_is_saved_is_on_every_page(browser: Client, client: Client) -> None:
    page = save(
        browser,
        partner_name="Acme Software",
        product_name="Acme Connect",
        accent_color="#6D3FC0",
        support_email="help@acme.example",
        privacy_url="https://acme.example/privacy",
        logo_file=SimpleUploadedFile("logo.png", picture(), "image/png"),
    )
    assert "Branding saved." in page
    logo = brand.current().logo
    assert logo is not None
    for text in (page, client.get(reverse("account_login")).content.decode()):
        assert re.search(r"<title>[^<]+ · Acme Connect · Acme Software</title>", text)
        assert f'src="{logo.url}" alt="Acme Software"' in text
        assert "/branding/accent-6d3fc0-" in text
        assert 'href="mailto:help@acme.example"' in text and 'href="https://acme.example/privacy"' in text
    admin = browser.get("/admin/").content.decode()
    assert "Acme Software: Django admin" in admin and "/branding/accent-6d3fc0-" in admin


def test_a_color_that_is_hard_to_read_is_adjusted_and_operators_are_told(browser: Client) -> None:
    page = save(browser, accent_color="#ffd400")
    assert "Links need a contrast of 4.5:1." in page and "the light theme (1.3:1) uses #" in page
    assert "Links need" not in save(browser, accent_color="#0a6672", partner_name="x").partition("<main")[0]


def test_each_value_says_where_it_comes_from(browser: Client, settings: Any) -> None:
    settings.SUPPORT_EMAIL = "help@acme.example"
    page = save(browser, partner_name="Acme")
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd>(.*?)</dd>", page))
    assert "Acme" in facts["Partner name"] and "Custom" in facts["Partner name"]
    assert "Server settings" in facts["Support email"]
    assert "Default" in facts["Product name"]
    assert "None" in facts["Logo"]
    assert "Empty: help@acme.example, from the server&#x27;s settings." in page


def test_reset_goes_back_to_the_server_settings(browser: Client) -> None:
    save(browser, partner_name="Acme")
    page = browser.post("/settings/branding/reset/", follow=True).content.decode()
    assert "Branding reset" in page and not Branding.objects.exists()


def test_the_logo_can_be_removed(browser: Client) -> None:
    save(browser, partner_name="Acme", logo_file=SimpleUploadedFile("logo.png", picture()))
    save(browser, partner_name="Acme", remove_logo="on")
    assert brand.current().logo is None
    assert 'class="monogram" aria-hidden="true">A<' in browser.get("/").content.decode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PNG, JPEG or WebP"),
        (bomb(4000, 4000), "3,000"),
        (picture() + bytes(1024 * 1024), "larger than 1 MB"),
        (bytes(3 * 1024 * 1024), "larger than 1 MB"),
    ],
    ids=["SVG", "bomb", "large", "so large that it does not arrive"],
)
def test_a_logo_that_can_not_be_used_is_refused_and_nothing_is_saved(
    browser: Client, data: bytes, said: str
) -> None:
    page = save(browser, partner_name="Acme", logo_file=SimpleUploadedFile("logo.png", data, "image/png"))
    assert said in page and not Branding.objects.exists()
    assert "<title>Branding · Integration portal</title>" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("partner_name", "Acme\u202eerawtfoS"),
        ("partner_name", "Acme <ceo@bank.example>"),
        ("accent_color", "red"),
        ("accent_color", "#12345"),
        ("support_email", "help"),
        ("support_email", '"a\x0bb"@acme.example'),
        ("privacy_url", "javascript:alert(1)"),
        ("privacy_url", "http://acme.example/privacy"),
    ],
)
def test_a_value_that_could_mislead_is_refused(browser: Client, field: str, value: str) -> None:
    assert 'class="error"' in save(browser, **{field: value})
    assert not Branding.objects.exists()


def test_a_name_is_text_and_nothing_else(browser: Client) -> None:
    page = save(browser, partner_name='Smith & "Sons"', product_name="A'B & {{ C }}")
    assert "Smith &amp; &quot;Sons&quot;" in page and "{{ C }}" in page
    assert "Smith & " not in page


def test_too_many_changes_in_an_hour_are_refused(browser: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"branding": "1/h/user"}
    save(browser, partner_name="Acme")
    assert browser.post(URL, EMPTY).status_code == 429
