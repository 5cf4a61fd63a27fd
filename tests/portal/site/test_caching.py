"""Nothing of what a signed-in person sees is kept."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from tests.portal.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def somebody() -> User:
    return person("ada@cedar.example")


@pytest.mark.parametrize("name", ["home", "jobs", "account"])
def test_pages_for_signed_in_people_stand_in_no_cache(somebody: User, name: str) -> None:
    client = Client()
    client.force_login(somebody)
    page = client.get(reverse(name))
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"] and "private" in page["Cache-Control"]
    assert "HX-Request" in page["Vary"]


def test_a_page_before_signing_in_makes_no_session() -> None:
    client = Client()
    client.get(reverse("account_reset_password"))
    assert "portal_session" not in client.cookies
