"""The demo's pages: its mail, dated by the demo's clock, and the people to sign in as."""

import types
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import send_mail
from django.test import Client
from django.urls import include, path
from pytest_django import DjangoAssertNumQueries

from portal import urls
from portal.core import clock
from portal.demo import mail, summary
from portal.organizations.models import Organization
from tests.portal.conftest import Join

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings: Any, tmp_path: Path) -> Path:
    """The portal as in a demo. Returns the folder of its mail."""
    settings.ROOT_URLCONF = with_demo = types.ModuleType("with_demo")
    with_demo.urlpatterns = [*urls.urlpatterns, path("demo/", include("portal.demo.urls"))]  # type: ignore[attr-defined]
    settings.DEMO, settings.DEMO_MAIL_DIR = True, str(tmp_path)
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "portal.demo.mail.DemoEmailBackend", str(tmp_path)
    return tmp_path


def test_mail_is_dated_by_the_demos_clock_not_by_the_machines(demo: Path) -> None:
    clock.advance(12 * 24 * 3600)
    send_mail("Join Cedar", "Come to http://localhost:8000/invitations/x/", None, ["ada@cedar.example"])
    (found,) = mail.read(demo)
    assert found.sent_at is not None and abs((clock.now() - found.sent_at).total_seconds()) < 60
    page = Client().get("/demo/mail/").content.decode()
    assert "just now" in page and 'href="http://localhost:8000/invitations/x/"' in page
    assert "clock 12 days ahead" in page


def test_a_date_without_a_zone_is_in_utc(demo: Path) -> None:
    text = (
        b"To: a@b.example\nSubject: Hi\nDate: Thu, 10 Dec 2026 17:16:19 -0000\n\nHi\n"
        + mail.SEPARATOR
        + b"\n"
    )
    (demo / "1.log").write_bytes(text)
    assert "2026" in Client().get("/demo/mail/").content.decode()
    assert mail.read(demo)[0].sent_at.isoformat() == "2026-12-10T17:16:19+00:00"  # type: ignore[union-attr]


def test_without_mail_the_page_says_what_will_be_there(demo: Path) -> None:
    assert "No mail yet" in Client().get("/demo/mail/").content.decode()


def test_one_person_of_each_role_is_offered_in_one_query(
    demo: Path, cedar: Organization, join: Join, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for role in ("viewer", "admin", "officer", "officer", "officer"):
        join(cedar, role)
    with django_assert_num_queries(1):
        people = summary.personas()
    assert [person["role"] for person in people] == ["operator", "viewer", "admin", "officer"]
