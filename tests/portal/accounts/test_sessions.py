"""Ending somebody's sessions."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts import sessions
from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core.errors import Refused
from tests.portal.people import PASSWORD, person

pytestmark = pytest.mark.django_db


def sign_in(user: User) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert client.get(reverse("account")).status_code == 200
    return client


def test_everywhere_they_were_signed_in_they_must_sign_in_again(operator: User) -> None:
    ada, ben = person("ada@cedar.example"), person("ben@cedar.example")
    browsers = [sign_in(ada), sign_in(ada)]
    other = sign_in(ben)
    assert sessions.end_all(user=ada, actor=operator) == 2
    assert [client.get(reverse("account")).status_code for client in browsers] == [302, 302]
    assert other.get(reverse("account")).status_code == 200
    entry = Entry.objects.get(action="account.sessions_ended")
    assert (entry.actor, entry.object_id, entry.detail) == (operator, str(ada.pk), {"sessions": 2})
    sign_in(ada)


def test_nobody_ends_their_own_this_way(operator: User) -> None:
    with pytest.raises(Refused):
        sessions.end_all(user=operator, actor=operator)
    assert not Entry.objects.filter(action="account.sessions_ended").exists()
