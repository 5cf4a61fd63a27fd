"""A stored secret whose key is missing: pages explain it, operators are emailed, and nothing is lost."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from integrations.connections.grants import client_credentials
from integrations.connections.limits import egress
from integrations.connections.models import Connection, ConnectionState, CredentialCandidate, Token
from integrations.connections.tokens import access
from integrations.jobs import queue
from integrations.jobs.models import JobState
from integrations.onboarding import verification
from portal.accounts.models import User
from portal.encryption import rotation
from portal.encryption.cipher import DecryptionError
from tests.portal.encryption.keys import put_in_front, take_out
from tests.portal.people import PASSWORD, person, with_app
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def lose_key(settings: Any) -> Any:
    """Return a function that removes the key of everything stored so far, and returns how to restore it."""

    def remove_key() -> Any:
        before = put_in_front(settings)
        both = settings.ENCRYPTION_KEYS
        take_out(settings)
        assert before not in settings.ENCRYPTION_KEYS

        def restore_key() -> None:
            settings.ENCRYPTION_KEYS = both

        return restore_key

    return remove_key


def answer_to_a_code(email: str) -> Any:
    """Sign in with a password and enter a code, which has to decrypt the secret of the app."""
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    return client.post(reverse("mfa_authenticate"), {"code": "000000"})


def test_a_sign_in_page_explains_the_problem_and_operators_get_one_email(lose_key: Any) -> None:
    with_app(person("ada@cedar.example"))
    person("olivia@partner.example", operator=True)
    lose_key()
    for _ in range(2):
        page = answer_to_a_code("ada@cedar.example")
        assert page.status_code == 503
        text = page.content.decode()
        assert (
            "We've notified the operators" in text and "“test”" not in text and "ENCRYPTION_KEYS" not in text
        )
    (message,) = mail.outbox
    assert message.to == ["olivia@partner.example"] and "“test”" in message.body


def test_operators_see_which_key_is_missing(world: World, lose_key: Any, client: Client) -> None:
    egress.add_proxy(name="fra", label="Frankfurt", proxy_url="https://proxy.example:3128", actor=None)
    client.force_login(world.operator)
    assert client.get(reverse("limits")).status_code == 200
    restore_key = lose_key()
    page = client.get(reverse("limits"))
    assert page.status_code == 503 and "“test”" in page.content.decode()
    assert client.get(reverse("home")).status_code == 200
    assert client.get(reverse("settings")).status_code == 200
    restore_key()
    assert client.get(reverse("limits")).status_code == 200


def test_other_errors_are_not_treated_as_a_missing_key(
    world: World, client: Client, monkeypatch: Any
) -> None:
    def broken(request: Any) -> None:
        raise ValueError("something else")

    monkeypatch.setattr("portal.site.home.panels.draw", lambda *_, **__: broken(None))
    client.force_login(world.operator)
    with pytest.raises(ValueError, match="something else"):
        client.get(reverse("home"))


def test_the_page_is_shown_even_if_the_mail_server_fails(lose_key: Any, settings: Any, caplog: Any) -> None:
    with_app(person("ada@cedar.example"))
    person("olivia@partner.example", operator=True)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    lose_key()
    assert answer_to_a_code("ada@cedar.example").status_code == 503
    assert "could not be emailed (ConnectionRefusedError)" in caplog.text
    assert "olivia@" not in caplog.text


def test_a_call_does_not_change_the_connection_and_its_token(world: World, lose_key: Any) -> None:
    connection = world.connected()
    restore_key = lose_key()
    asked = len(world.sandbox.requests("/v1/token"))
    for _ in range(2):
        with pytest.raises(DecryptionError):
            access.get_access_token(connection)
    world.sandbox.pass_time(3600)
    with pytest.raises(DecryptionError):
        access.get_access_token(connection)
    assert Token.objects.get().lease_expires_at is None
    assert Connection.objects.values_list("state").get() == (ConnectionState.ACTIVE,)
    assert len(world.sandbox.requests("/v1/token")) == asked
    restore_key()
    assert access.get_access_token(Connection.objects.get())


def test_a_refresh_token_survives_a_missing_key(world: World, lose_key: Any) -> None:
    connection = world.consented(world.member("officer"))
    world.sandbox.pass_time(3600)
    restore_key = lose_key()
    with pytest.raises(DecryptionError):
        access.get_access_token(connection)
    connection.state = Connection.objects.values_list("state", flat=True).get(pk=connection.pk)
    assert connection.state == ConnectionState.ACTIVE
    restore_key()
    assert access.get_access_token(Connection.objects.get(pk=connection.pk))


def test_proposed_credentials_are_kept_until_the_key_is_restored(world: World, lose_key: Any) -> None:
    connection = world.propose()
    restore_key = lose_key()
    with pytest.raises(DecryptionError):
        client_credentials.activate_candidate(connection)
    assert CredentialCandidate.objects.count() == 1
    restore_key()
    client_credentials.activate_candidate(connection)
    assert Connection.objects.get().state == ConnectionState.ACTIVE


def test_a_job_fails_at_once_with_an_explanation_and_succeeds_once_the_key_is_restored(
    world: World, lose_key: Any
) -> None:
    connection = world.propose()
    restore_key = lose_key()
    job = queue.run_now(verification.start(connection, actor=world.operator))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "its encryption key is missing. Nothing is lost" in job.problem and "“test”" not in job.problem
    assert job.lines.filter(level="error").get().text == job.problem
    restore_key()
    again = queue.run_now(verification.start(connection, actor=world.operator))
    assert again.state == JobState.DONE
    assert Connection.objects.get().state == ConnectionState.ACTIVE


def test_a_rotation_after_the_key_is_restored_re_encrypts_everything(
    world: World, lose_key: Any, settings: Any
) -> None:
    connection = world.connected()
    restore_key = lose_key()
    assert rotation.rotate().left > 0
    restore_key()
    assert rotation.rotate().left == 0
    take_out(settings)
    assert access.get_access_token(connection)
    assert User.objects.filter(is_operator=True).exists()
