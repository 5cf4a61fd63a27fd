"""Attacks on second factors that must not work."""

import base64
import json
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django import forms
from django.test import Client
from django.urls import reverse

from portal.accounts.second_factors import forms as second_factor_forms
from tests.portal.accounts.second_factors.visitor import (
    ADA,
    OLIVIA,
    by_password,
    complete,
    expire_allauths_record,
    is_signed_in,
    set_up_an_app,
)
from tests.portal.people import person, totp_code, with_app

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("operator", [True, False])
def test_sessions_older_than_the_first_factor_end_when_it_is_added(operator: bool) -> None:
    person(OLIVIA, operator=operator, factor=False)
    thief, owner = by_password(OLIVIA), by_password(OLIVIA)
    set_up_an_app(owner)
    assert owner.get("/").status_code == 200
    for name in ("home", "account", "mfa_index", "mfa_view_recovery_codes"):
        assert thief.get(reverse(name)).url.startswith(reverse("account_login")), name


def test_an_unattended_session_cannot_set_a_first_password() -> None:
    user = person(ADA, password=None)
    with_app(user)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": time.time() - 86400}]
    session.save()
    new = "another-long-phrase-of-a-thief"
    answer = client.post(reverse("account_set_password"), {"password1": new, "password2": new})
    assert answer.url.startswith(reverse("mfa_reauthenticate"))
    assert new not in str(dict(client.session.items())), "the submitted password is not stored"
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert Authenticator.objects.filter(user=user).exists()


@pytest.mark.parametrize("written", ["{0}-{1}", " {0} {1} ", "{0}.{1}"])
def test_a_used_code_does_not_work_in_another_notation(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    user = person(ADA)
    secret = with_app(user)
    code = totp_code(secret)
    assert complete(by_password(ADA), code).status_code == 302
    expire_allauths_record(user, code)
    later = time.time() + 31
    monkeypatch.setattr(time, "time", lambda: later)
    again = by_password(ADA)
    complete(again, written.format(code[:3], code[3:]))
    assert not is_signed_in(again)


def test_the_first_code_of_an_app_cannot_also_sign_in() -> None:
    person(ADA)
    owner = by_password(ADA)
    page = owner.get(reverse("mfa_activate_totp"))
    code = totp_code(page.context["form"].secret)
    owner.post(reverse("mfa_activate_totp"), {"code": code})
    thief = by_password(ADA)
    complete(thief, code)
    assert not is_signed_in(thief)


@pytest.mark.parametrize(
    "credential", ["", "x", "[" * 50_000, '{"id": "x"}', "[]", '{"id": 1, "response": {"clientDataJSON": 5}}']
)
def test_malformed_passkey_responses_are_rejected_without_an_error(client: Client, credential: str) -> None:
    answer = client.post(reverse("mfa_login_webauthn"), {"credential": credential})
    assert answer.status_code < 500
    assert not is_signed_in(client)


def credential_of(origin: Any) -> str:
    data = base64.urlsafe_b64encode(json.dumps({"origin": origin}).encode()).decode().rstrip("=")
    return json.dumps({"id": "x", "response": {"clientDataJSON": data}})


def test_passkey_responses_from_other_origins_are_rejected(settings: Any) -> None:
    settings.PORTAL_URL = "https://portal.example"
    field = second_factor_forms.OwnOriginField()
    assert field.clean(credential_of("https://portal.example"))["id"] == "x"
    for origin in ("https://x.portal.example", "https://portal.example:8443", "http://portal.example", None):
        with pytest.raises(forms.ValidationError):
            field.clean(credential_of(origin))
