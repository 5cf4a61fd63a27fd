"""Which branding is in force, and where each value comes from."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import db
from django.template.loader import render_to_string
from django.test import Client

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.branding import brand, changes, logos
from portal.branding.brand import Source
from portal.branding.models import Branding
from tests.portal.branding.pictures import picture


@pytest.fixture(autouse=True)
def nothing_read() -> Iterator[None]:
    brand._last_read = None
    yield
    brand._last_read = None


@pytest.mark.django_db
def test_without_anything_set_the_portal_has_its_own_name_and_color() -> None:
    found = brand.current()
    assert (found.partner_name, found.product_name, found.accent_color) == (
        "",
        "Integration portal",
        "#0a6672",
    )
    assert found.title == "Integration portal" and found.stylesheet_url == "" and found.logo is None
    assert set(found.sources.values()) == {Source.DEFAULT}


@pytest.mark.django_db
def test_what_is_set_in_the_portal_replaces_the_server_settings_field_by_field(
    settings: Any, operator: User
) -> None:
    settings.PARTNER_NAME, settings.SUPPORT_EMAIL = "Acme Software", "help@acme.example"
    changes.save({"partner_name": "Acme", "accent_color": "#6d3fc0"}, actor=operator)
    found = brand.current()
    assert (found.partner_name, found.sources["partner_name"]) == ("Acme", Source.PORTAL)
    assert (found.support_email, found.sources["support_email"]) == ("help@acme.example", Source.SERVER)
    assert (found.product_name, found.sources["product_name"]) == ("Integration portal", Source.DEFAULT)
    changes.save({"partner_name": ""}, actor=operator)
    assert brand.current().partner_name == "Acme Software"
    assert brand.current().accent_color == "#6d3fc0"


@pytest.mark.django_db
def test_reset_leaves_everything_to_the_server_settings(settings: Any, operator: User) -> None:
    settings.PARTNER_NAME = "Acme Software"
    changes.save({"partner_name": "Other"}, actor=operator, logo=logos.read(picture()))
    changes.reset(actor=operator)
    assert brand.current().partner_name == "Acme Software" and brand.current().logo is None
    assert not Branding.objects.exists()
    assert Entry.objects.filter(action="branding.reset", actor=operator).count() == 1


@pytest.mark.django_db
def test_a_change_is_audited_by_field_and_without_values(operator: User) -> None:
    changes.save({"partner_name": "Acme", "support_email": ""}, actor=operator, logo=logos.read(picture()))
    entry = Entry.objects.get(action="branding.changed")
    assert entry.actor == operator and entry.detail == {"fields": ["logo", "partner_name"]}
    changes.save({"partner_name": "Acme"}, actor=operator)
    assert Entry.objects.filter(action="branding.changed").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ACCENT_COLOR", "red;} body{display:none"),
        ("PRIVACY_URL", "javascript:alert(1)"),
        ("SUPPORT_EMAIL", "a@b.example\nBcc: all@b.example"),
        ("PARTNER_NAME", "Acme\r\nBcc: all@b.example"),
    ],
)
def test_an_unusable_server_setting_is_not_used(settings: Any, variable: str, value: str) -> None:
    setattr(settings, variable, value)
    assert value not in vars(brand.current()).values()


@pytest.mark.django_db
def test_without_a_database_the_branding_last_read_is_shown(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes.save({"partner_name": "Acme Software"}, actor=operator)
    brand.current()

    def fail(*_: object) -> None:
        raise db.OperationalError("the database is gone")

    monkeypatch.setattr(brand, "without_logo_file", fail)
    assert brand.current().partner_name == "Acme Software"
    assert "Acme Software" in render_to_string("500.html")


def test_a_page_of_an_internal_error_asks_no_database(settings: Any) -> None:
    settings.PARTNER_NAME, settings.ACCENT_COLOR = "Acme Software", "#6d3fc0"
    page = render_to_string("500.html")
    assert "<title>Something went wrong · Integration portal · Acme Software</title>" in page
    assert "/branding/accent-6d3fc0-" in page


# --- Files -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_anyone_may_load_the_logo_and_keep_it_forever(client: Client, operator: User) -> None:
    logo = logos.read(picture())
    changes.save({}, actor=operator, logo=logo)
    current = brand.current().logo
    assert current is not None
    response = client.get(current.url)
    assert response.content == logo.png
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert {"public", "immutable", "max-age=31536000"} <= set(response.headers["Cache-Control"].split(", "))
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_replaced_logo_is_gone_and_never_cached(client: Client, operator: User) -> None:
    changes.save({}, actor=operator, logo=logos.read(picture()))
    old = brand.current().logo
    changes.save({}, actor=operator, logo=logos.read(picture(color="#00ff00")))
    assert old is not None
    response = client.get(old.url)
    assert response.status_code == 404 and "immutable" not in response.headers.get("Cache-Control", "")


@pytest.mark.django_db
def test_the_style_sheet_has_the_content_that_its_address_promises(client: Client, settings: Any) -> None:
    settings.ACCENT_COLOR = "#6D3FC0"
    url = brand.current().stylesheet_url
    response = client.get(url)
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert (
        "immutable" in response.headers["Cache-Control"]
        and b"--brand-text: light-dark(#6d3fc0" in response.content
    )
    assert client.get(url.replace("6d3fc0", "6d3fc1")).status_code == 404


@pytest.mark.django_db
def test_an_operator_who_must_set_up_a_second_factor_sees_the_portal_in_its_colors(client: Client) -> None:
    operator = User.objects.create_user("new@partner.example", is_operator=True)
    changes.save({"accent_color": "#6d3fc0"}, actor=operator, logo=logos.read(picture()))
    client.force_login(operator)
    current = brand.current()
    assert current.logo is not None
    assert client.get(current.logo.url).status_code == client.get(current.stylesheet_url).status_code == 200
