"""When a session was last used."""

import datetime as dt
import time

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.portal.people import PASSWORD, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    person("ada@cedar.example")
    made = Client()
    made.post(reverse("account_login"), {"login": "ada@cedar.example", "password": PASSWORD})
    return made


def long_ago() -> dt.datetime:
    moment = timezone.now() - dt.timedelta(hours=5)
    UserSession.objects.update(last_seen_at=moment)
    return moment


def test_a_visit_is_noted_and_the_next_ones_cost_no_write(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get(reverse("account"))
    moment = long_ago()
    client.get(reverse("account"))
    assert UserSession.objects.get().last_seen_at == moment
    later = time.time() + 601
    monkeypatch.setattr(time, "time", lambda: later)
    client.get(reverse("account"))
    assert UserSession.objects.get().last_seen_at > moment


def test_the_list_says_when_another_session_was_last_used(client: Client) -> None:
    other = Client()
    other.post(reverse("account_login"), {"login": "ada@cedar.example", "password": PASSWORD})
    client.get(reverse("account"))
    long_ago()
    text = client.get(reverse("sessions")).content.decode()
    assert text.count("last used") == 1 and "5 h ago" in text
