"""Signing in with a second factor."""

import time

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from portal.accounts.second_factors import used_codes
from tests.portal.accounts.second_factors.visitor import (
    ADA,
    HOME,
    by_password,
    complete,
    expire_allauths_record,
    is_signed_in,
)
from tests.portal.people import PASSWORD, person, totp_code, with_app, with_recovery_codes

pytestmark = pytest.mark.django_db


def test_a_password_alone_does_not_sign_in_a_person_with_an_app() -> None:
    secret = with_app(person(ADA))
    client = by_password(ADA)
    assert not is_signed_in(client)
    assert "wrong, expired or already used" in complete(client, "000000").content.decode()
    assert complete(client, totp_code(secret)).url == HOME
    assert is_signed_in(client)


def test_an_emailed_code_alone_does_not_sign_in_a_person_with_an_app() -> None:
    secret = with_app(person(ADA))
    client = Client()
    client.post(reverse("account_request_login_code"), {"email": ADA})
    code = next(line for line in mail.outbox[0].body.splitlines() if line and " " not in line)
    assert client.post(reverse("account_confirm_login_code"), {"code": code}).url == reverse(
        "mfa_authenticate"
    )
    assert not is_signed_in(client)
    complete(client, totp_code(secret))
    assert is_signed_in(client)


def test_a_password_reset_does_not_bypass_the_second_factor() -> None:
    with_app(person(ADA))
    client = Client()
    client.post(reverse("account_reset_password"), {"email": ADA})
    link = next(line for line in mail.outbox[0].body.splitlines() if line.startswith("http"))
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert not is_signed_in(client) and not is_signed_in(by_password(ADA))


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_a_code_one_period_early_or_late_works_once(step: int) -> None:
    user = person(ADA)
    secret = with_app(user)
    code = totp_code(secret, step)
    first, second = by_password(ADA), by_password(ADA)
    complete(first, code)
    expire_allauths_record(user, code)
    complete(second, code)
    assert is_signed_in(first) and not is_signed_in(second)


def test_a_code_stays_used_for_as_long_as_it_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    user = person(ADA)
    secret = with_app(user)
    now = int(time.time()) // 30 * 30
    monkeypatch.setattr(time, "time", lambda: now + 1)
    code = totp_code(secret, 1)
    first = by_password(ADA)
    complete(first, code)
    expire_allauths_record(user, code)
    monkeypatch.setattr(time, "time", lambda: now + 58)
    second = by_password(ADA)
    complete(second, code)
    assert is_signed_in(first) and not is_signed_in(second)


def test_a_used_code_is_remembered_for_all_periods_in_which_it_is_valid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lifetimes = []
    monkeypatch.setattr(used_codes.cache, "add", lambda *args, timeout: lifetimes.append(timeout))
    used_codes.mark_used(person(ADA), "123456")
    assert lifetimes == [90]


def test_attempts_to_guess_a_code_are_limited() -> None:
    secret = with_app(person(ADA))
    client = by_password(ADA)
    for _ in range(5):
        complete(client, "000000")
    assert "Too many failed attempts" in complete(client, totp_code(secret)).content.decode()
    assert not is_signed_in(client)


def test_a_recovery_code_works_once() -> None:
    user = person(ADA)
    with_app(user)
    code = with_recovery_codes(user)[0]
    first, second = by_password(ADA), by_password(ADA)
    complete(first, code), complete(second, code)
    assert is_signed_in(first) and not is_signed_in(second)
