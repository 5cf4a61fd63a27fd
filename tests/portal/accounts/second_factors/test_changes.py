"""Adding, removing and replacing second factors."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.second_factors import rules
from portal.audit.models import Entry
from tests.portal.accounts.second_factors.visitor import (
    ADA,
    by_password,
    is_signed_in,
    set_up_an_app,
)
from tests.portal.people import PASSWORD, person, with_app

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_changes_are_emailed_and_recorded_in_the_audit_log() -> None:
    user = person(ADA)
    client = by_password(ADA)
    set_up_an_app(client)
    client.post(reverse("mfa_generate_recovery_codes"))
    client.post(reverse("mfa_deactivate_totp"))
    assert not rules.has_second_factor(user)
    assert [entry.action for entry in Entry.objects.order_by("pk")] == [
        *(["second_factor.added"] * 2),
        "second_factor.replaced",
        *(["second_factor.removed"] * 2),
    ]
    assert [sent.subject for sent in mail.outbox] == [
        "Authenticator app added",
        "New recovery codes",
        "Authenticator app removed",
    ]


@pytest.mark.django_db(transaction=True)
def test_changes_are_kept_if_the_mail_server_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **kwargs: object) -> int:
        raise ConnectionRefusedError("not here")

    user = person(ADA)
    client = by_password(ADA)
    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    set_up_an_app(client)
    assert rules.has_second_factor(user)
    assert client.post(reverse("mfa_generate_recovery_codes")).status_code == 302
    assert Entry.objects.filter(action="second_factor.replaced").count() == 1
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert caplog.text.count("was not sent (ConnectionRefusedError)") == 3 and ADA not in caplog.text


def test_a_person_who_signed_in_long_ago_has_to_confirm_their_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person(ADA)
    client = by_password(ADA)
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    later = time.time() + 301
    monkeypatch.setattr(time, "time", lambda: later)
    asked = client.get(reverse("mfa_activate_totp"))
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert "Incorrect password." in client.post(asked.url, {"password": "wrong"}).content.decode()
    assert client.post(asked.url, {"password": PASSWORD}).url == reverse("mfa_activate_totp")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_one_setting_defines_how_recent_a_sign_in_must_be(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 60
    person(ADA)
    client = by_password(ADA)
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.get(reverse("mfa_activate_totp")).url.startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize("name", ["mfa_activate_totp", "mfa_add_webauthn"])
def test_a_person_without_a_password_has_to_sign_in_again(signed_in: Any, name: str) -> None:
    client = signed_in(person(ADA, password=None))
    assert client.get(reverse(name)).url.startswith(reverse("account_request_login_code"))
    assert not is_signed_in(client)


@pytest.mark.parametrize("name", ["mfa_edit_webauthn", "mfa_remove_webauthn"])
def test_the_passkey_of_another_person_answers_404(name: str) -> None:
    theirs = Authenticator.objects.create(
        user=person("eve@cedar.example"), type="webauthn", data={"name": "x"}
    )
    person(ADA)
    client = by_password(ADA)
    for answer in (client.get(reverse(name, args=[theirs.pk])), client.post(reverse(name, args=[theirs.pk]))):
        assert answer.status_code == 404


def test_the_account_page_shows_whether_there_is_a_second_factor(signed_in: Any) -> None:
    user = person(ADA)
    client = signed_in(user)
    assert 'Second factors<br><span class="muted">None<' in client.get(reverse("account")).content.decode()
    with_app(user)
    assert 'Second factors<br><span class="muted">Set up<' in client.get(reverse("account")).content.decode()
    assert User.objects.count() == 1
