"""When a session was last used."""

import datetime as dt

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
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


def ago(**interval: int) -> dt.datetime:
    moment = timezone.now() - dt.timedelta(**interval)
    UserSession.objects.update(last_seen_at=moment)
    return moment


def test_the_time_of_last_use_is_updated_at_most_every_ten_minutes(client: Client) -> None:
    client.get(reverse("account"))
    moment = ago(minutes=9)
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("account"))
    assert UserSession.objects.get().last_seen_at == moment
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
    moment = ago(minutes=11)
    client.get(reverse("account"))
    assert UserSession.objects.get().last_seen_at > moment


def test_updating_it_neither_extends_nor_saves_the_session(client: Client) -> None:
    before = Session.objects.values().get()
    ago(hours=5)
    client.get(reverse("account"))
    assert Session.objects.values().get() == before


def test_a_session_of_another_person_is_not_updated(client: Client) -> None:
    moment = ago(hours=5)
    UserSession.objects.update(user=person("eve@cedar.example"))
    client.get(reverse("account"))
    assert UserSession.objects.get().last_seen_at == moment


def test_the_list_shows_when_another_session_was_last_used(client: Client) -> None:
    other = Client()
    other.post(reverse("account_login"), {"login": "ada@cedar.example", "password": PASSWORD})
    client.get(reverse("account"))
    ago(hours=5)
    text = client.get(reverse("sessions")).content.decode()
    assert text.count("last used") == 1 and "5 h ago" in text
