"""A sign-in with a new browser is emailed to the user, once for each browser."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from portal.accounts import devices
from portal.accounts.models import User
from portal.organizations.invitations import invitations
from portal.organizations.models import Organization
from tests.portal.people import PASSWORD, person

pytestmark = pytest.mark.django_db
ADA, EVE = "ada@cedar.example", "eve@cedar.example"
SUBJECT = "Sign-in with a new browser"


@pytest.fixture
def ada() -> User:
    """A person who has signed in before."""
    user = person(ADA)
    sign_in(Client(), ADA)
    assert not mail.outbox
    return user


def sign_in(client: Client, email: str) -> None:
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    assert "_auth_user_id" in client.session


def sign_out(client: Client) -> None:
    client.post(reverse("account_logout"))


def test_the_email_names_the_browser_the_ip_address_and_the_time(ada: User) -> None:
    sign_in(Client(headers={"user-agent": "Firefox/130 Windows"}), ADA)
    assert [sent.subject for sent in mail.outbox] == [SUBJECT]
    assert mail.outbox[0].to == [ADA]
    body = mail.outbox[0].body
    assert "Firefox on Windows" in body and "127.0.0.1" in body and "UTC" in body
    assert f"http://localhost:8000{reverse('sessions')}" in body


def test_one_email_is_sent_for_each_browser(ada: User) -> None:
    client = Client()
    for _ in range(3):
        sign_in(client, ADA)
        sign_out(client)
    assert len(mail.outbox) == 1


def test_a_browser_known_for_one_person_is_new_for_another(ada: User) -> None:
    person(EVE), sign_in(Client(), EVE)
    client = Client()
    for email in (ADA, EVE, ADA, EVE):
        sign_in(client, email)
        sign_out(client)
    assert [sent.to for sent in mail.outbox] == [[ADA], [EVE]]


def test_an_altered_cookie_is_ignored(ada: User) -> None:
    client = Client()
    sign_in(client, ADA)
    sign_out(client)
    signed = client.cookies[devices.COOKIE].value
    client.cookies[devices.COOKIE] = signed[:-2] + ("AA" if not signed.endswith("AA") else "BB")
    sign_in(client, ADA)
    assert len(mail.outbox) == 2


def test_the_cookie_lasts_a_year_and_scripts_cannot_read_it(ada: User) -> None:
    client = Client()
    sign_in(client, ADA)
    cookie = client.cookies[devices.COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["max-age"] > 365 * 24 * 3600
    assert ADA not in cookie.value


def test_signing_up_sends_no_email(cedar: Organization, operator: User, client: Client) -> None:
    _, link = invitations.invite(organization=cedar, email=EVE, role="viewer", actor=operator)
    mail.outbox.clear()
    client.post(link)
    client.post(reverse("account_signup"), {"email": EVE, "name": "Eve", "password1": PASSWORD})
    assert "_auth_user_id" in client.session
    assert SUBJECT not in [sent.subject for sent in mail.outbox]
    sign_out(client)
    sign_in(client, EVE)
    assert SUBJECT not in [sent.subject for sent in mail.outbox]
    sign_in(Client(), EVE)
    assert SUBJECT in [sent.subject for sent in mail.outbox]


def test_a_mail_server_that_does_not_answer_times_out() -> None:
    backend = mail.get_connection("django.core.mail.backends.smtp.EmailBackend")
    assert 0 < backend.timeout <= 10


def test_a_failing_mail_server_does_not_stop_the_sign_in(
    ada: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **kwargs: object) -> int:
        raise ConnectionRefusedError("not here")

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    sign_in(Client(), ADA)
    assert "was not sent" in caplog.text and ADA not in caplog.text
