"""A stored secret whose key is missing: a sentence for whoever meets it, and nothing that breaks or is lost."""

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
from portal.encryption.fields import DecryptionError
from tests.portal.encryption.keys import put_in_front, take_out
from tests.portal.people import PASSWORD, person, with_app
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost(settings: Any) -> Any:
    """Take away the key that sealed everything so far; answers how to bring it back."""

    def take_away() -> Any:
        before = put_in_front(settings)
        both = settings.ENCRYPTION_KEYS
        take_out(settings)
        assert before not in settings.ENCRYPTION_KEYS

        def bring_back() -> None:
            settings.ENCRYPTION_KEYS = both

        return bring_back

    return take_away


def at_the_code(email: str) -> Any:
    """Signed in with the password, and a code typed."""
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    return client.post(reverse("mfa_authenticate"), {"code": "000000"})


def test_signing_in_says_a_sentence_and_operators_get_one_mail(lost: Any) -> None:
    with_app(person("ada@cedar.example"))
    person("olivia@partner.example", operator=True)
    lost()
    for _ in range(2):
        page = at_the_code("ada@cedar.example")
        assert page.status_code == 503
        text = page.content.decode()
        assert (
            "Its operators have been told" in text and "“test”" not in text and "ENCRYPTION_KEYS" not in text
        )
    (told,) = mail.outbox
    assert told.to == ["olivia@partner.example"] and "“test”" in told.body


def test_operators_read_which_key_is_missing(world: World, lost: Any, client: Client) -> None:
    egress.add_proxy(name="fra", label="Frankfurt", proxy_url="https://proxy.example:3128", actor=None)
    client.force_login(world.operator)
    assert client.get(reverse("limits")).status_code == 200
    bring_back = lost()
    page = client.get(reverse("limits"))
    assert page.status_code == 503 and "“test”" in page.content.decode()
    assert client.get(reverse("home")).status_code == 200
    assert client.get(reverse("settings")).status_code == 200
    bring_back()
    assert client.get(reverse("limits")).status_code == 200


def test_other_errors_are_not_taken_for_a_missing_key(world: World, client: Client, monkeypatch: Any) -> None:
    def broken(request: Any) -> None:
        raise ValueError("something else")

    monkeypatch.setattr("portal.site.home.panels.draw", lambda *_: broken(None))
    client.force_login(world.operator)
    with pytest.raises(ValueError, match="something else"):
        client.get(reverse("home"))


def test_a_mail_server_that_refuses_leaves_the_page_as_it_is(lost: Any, settings: Any, caplog: Any) -> None:
    with_app(person("ada@cedar.example"))
    person("olivia@partner.example", operator=True)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    lost()
    assert at_the_code("ada@cedar.example").status_code == 503
    assert "could not be told (ConnectionRefusedError)" in caplog.text
    assert "olivia@" not in caplog.text


def test_a_call_leaves_the_connection_and_its_token_as_they_are(world: World, lost: Any) -> None:
    connection = world.connected()
    bring_back = lost()
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
    bring_back()
    assert access.get_access_token(Connection.objects.get())


def test_a_refresh_token_survives_a_missing_key(world: World, lost: Any) -> None:
    connection = world.consented(world.member("officer"))
    world.sandbox.pass_time(3600)
    bring_back = lost()
    with pytest.raises(DecryptionError):
        access.get_access_token(connection)
    connection.state = Connection.objects.values_list("state", flat=True).get(pk=connection.pk)
    assert connection.state == ConnectionState.ACTIVE
    bring_back()
    assert access.get_access_token(Connection.objects.get(pk=connection.pk))


def test_proposed_credentials_are_kept_until_the_key_is_back(world: World, lost: Any) -> None:
    connection = world.propose()
    bring_back = lost()
    with pytest.raises(DecryptionError):
        client_credentials.activate_candidate(connection)
    assert CredentialCandidate.objects.count() == 1
    bring_back()
    client_credentials.activate_candidate(connection)
    assert Connection.objects.get().state == ConnectionState.ACTIVE


def test_a_job_fails_at_once_with_a_sentence_and_works_when_the_key_is_back(world: World, lost: Any) -> None:
    connection = world.propose()
    bring_back = lost()
    job = queue.run_now(verification.start(connection, actor=world.operator))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "its encryption key is missing. Nothing is lost" in job.problem and "“test”" not in job.problem
    assert job.lines.filter(level="error").get().text == job.problem
    bring_back()
    again = queue.run_now(verification.start(connection, actor=world.operator))
    assert again.state == JobState.DONE
    assert Connection.objects.get().state == ConnectionState.ACTIVE


def test_a_secret_that_was_altered_is_not_blamed_on_a_key() -> None:
    assert "altered or moved" in DecryptionError("It does not belong to its row.").told
    assert "key is missing" in DecryptionError("…", missing="k1").told


def test_rotating_with_the_key_back_mends_everything(world: World, lost: Any, settings: Any) -> None:
    connection = world.connected()
    bring_back = lost()
    assert rotation.rotate().left > 0
    bring_back()
    assert rotation.rotate().left == 0
    take_out(settings)
    assert access.get_access_token(connection)
    assert User.objects.filter(is_operator=True).exists()
