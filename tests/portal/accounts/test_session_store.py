"""What somebody who reads or changes the sessions in the database can do with them: nothing."""

import base64
import json
import re
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from portal.accounts.session_store import SessionStore, StoredKey, stored
from tests.portal.people import PASSWORD, person

pytestmark = pytest.mark.django_db
ADA, BEN = "ada@cedar.example", "ben@cedar.example"
COOKIE = django_settings.SESSION_COOKIE_NAME


def signed_in(email: str) -> Client:
    client = Client()
    person(email)
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    assert opens(client)
    return client


def opens(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def with_cookie(value: str) -> Client:
    client = Client()
    client.cookies[COOKIE] = value
    return client


def rows(table: str) -> list[str]:
    """Return the columns of all rows as the database holds them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return [str(row) for row in cursor.fetchall()]


def test_no_table_holds_the_key_that_the_cookie_holds() -> None:
    key = signed_in(ADA).cookies[COOKIE].value
    for table in ("django_session", "usersessions_usersession"):
        (row,) = rows(table)
        assert key not in row and stored(key) in row


def test_what_the_tables_hold_opens_no_session() -> None:
    signed_in(ADA)
    keys = [Session.objects.get().session_key, UserSession.objects.get().session_key]
    for key in keys:
        assert not opens(with_cookie(key))
        assert not opens(with_cookie(str(StoredKey(key))))


def test_the_data_of_a_session_cannot_be_read_or_moved_to_another_one() -> None:
    clients = [signed_in(email) for email in (ADA, BEN)]
    first, second = (Session.objects.get(session_key=client.cookies[COOKIE].value) for client in clients)
    for data in (first.session_data, second.session_data):
        raw = base64.b64decode(data)
        assert b"_auth_user_id" not in raw and b"account" not in raw
    Session.objects.filter(pk=second.pk).update(session_data=first.session_data)
    assert opens(clients[0]) and not opens(clients[1])


@pytest.mark.parametrize(
    "data", ["", "e30=", "!", "é", base64.b64encode(json.dumps({"a": 1}).encode()).decode()]
)
def test_data_that_this_portal_did_not_write_is_an_empty_session(data: str) -> None:
    client = signed_in(ADA)
    Session.objects.update(session_data=data)
    assert not opens(client)


def test_another_secret_key_signs_everybody_out(settings: Any) -> None:
    client = signed_in(ADA)
    settings.SECRET_KEY = "another"
    assert not opens(client)


@pytest.mark.parametrize(
    "value",
    [
        "abcdefgh\0x",
        "\0",
        "a" * 10_000,
        "é" * 32,
        "\ud800" * 10,
        "short",
        " ",
        "' OR 1=1",
        "../../x",
        "x" * 40,
    ],
)
def test_a_cookie_of_any_shape_is_no_session(value: str) -> None:
    store = SessionStore(value)
    assert store.load() == {} and store.session_key is None
    assert not SessionStore().exists(value)
    if "\ud800" not in value:
        assert not opens(with_cookie(value))


def test_people_see_and_end_their_sessions_as_before() -> None:
    here, elsewhere = signed_in(ADA), Client()
    elsewhere.post(reverse("account_login"), {"login": ADA, "password": PASSWORD})
    page = here.get(reverse("sessions")).content.decode()
    assert page.count("This browser") == 1
    assert UserSession.objects.count() == Session.objects.count() == 2
    other = UserSession.objects.get(session_key=elsewhere.cookies[COOKIE].value)
    other.end()
    assert opens(here) and not opens(elsewhere)
    assert UserSession.objects.purge_and_list(other.user) == list(UserSession.objects.all())
    assert len(UserSession.objects.all()) == 1


def test_a_sign_in_code_works_but_the_session_holds_only_its_hash() -> None:
    person(ADA)
    client, confirm = Client(), reverse("account_confirm_login_code")
    client.post(reverse("account_request_login_code"), {"email": ADA})
    code = re.search(r"sign-in code:\s+(\S+)", mail.outbox[0].body)[1]  # type: ignore[index]
    held = json.dumps(dict(client.session.items()))
    assert code not in held and code.replace("-", "") not in held
    (kept,) = re.findall(r'"code": "([^"]+)"', held)
    client.post(confirm, {"code": kept})
    assert not opens(client)
    client.post(confirm, {"code": f" {code.lower()[:3]} {code.lower()[3:]}"})
    assert opens(client)


def test_a_new_code_replaces_the_old_one() -> None:
    person(ADA)
    client, confirm = Client(), reverse("account_confirm_login_code")
    client.post(reverse("account_request_login_code"), {"email": ADA})
    client.post(confirm, {"action": "resend"})
    old, new = (re.search(r"sign-in code:\s+(\S+)", sent.body)[1] for sent in mail.outbox)  # type: ignore[index]
    assert old != new
    client.post(confirm, {"code": old})
    assert not opens(client)
    client.post(confirm, {"code": new})
    assert opens(client)
