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


@pytest.mark.parametrize(
    "headers", [{}, {"HX-Request": "true"}, {"HX-Request": "true", "HX-History-Restore-Request": "true"}]
)
def test_a_part_of_a_page_is_never_taken_for_the_page(somebody: User, headers: dict[str, str]) -> None:
    client = Client()
    client.force_login(somebody)
    answer = client.get(reverse("jobs"), headers=headers)
    is_part = headers == {"HX-Request": "true"}
    assert ("<html" in answer.content.decode()) is not is_part
    assert {"HX-Request", "HX-History-Restore-Request"} <= set(answer["Vary"].split(", "))
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("shown", "asked", "is_pushed"),
    [
        ("/jobs/?state=failed", "/jobs/?state=failed", False),
        ("/jobs/", "/jobs/", False),
        ("/jobs/", "/jobs/?state=failed", True),
        ("/jobs/?state=failed", "/jobs/", True),
        ("/account/", "/jobs/", True),
    ],
)
def test_the_history_gets_no_address_twice(somebody: User, shown: str, asked: str, is_pushed: bool) -> None:
    client = Client()
    client.force_login(somebody)
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{shown}"}
    assert (client.get(asked, headers=headers).headers.get("HX-Push-Url") != "false") is is_pushed


def test_a_page_before_signing_in_makes_no_session() -> None:
    client = Client()
    client.get(reverse("account_reset_password"))
    assert "portal_session" not in client.cookies
