"""Strangers can't lock people out, flood them with mail, or fill the portal's tables."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.jobs import retention
from portal.accounts import anonymous_sessions, devices, mail_limits
from portal.core import clock, daily_limits
from portal.core.daily_limits import Limit, LimitReached
from portal.core.models import DailyCount
from tests.portal.people import PASSWORD, person
from tests.portal.scene import build
from tests.portal.site.addresses import ADDRESSES

pytestmark = pytest.mark.django_db
EMAIL = "ada@cedar.example"


def sign_in(password: str = PASSWORD, *, ip: str, browser: Client | None = None) -> bool:
    """Try to sign in. Return whether it worked."""
    client = browser or Client()
    client.post(reverse("account_login"), {"login": EMAIL, "password": password}, REMOTE_ADDR=ip)
    return "_auth_user_id" in client.session


@pytest.mark.parametrize(
    "strangers",
    [["203.0.113.9"] * 6, ["203.0.113.9"] * 40, [f"203.0.113.{n}" for n in range(60)], ["2001:db8:1::7"] * 9],
    ids=["one", "one, for long", "many", "IPv6"],
)
def test_wrong_passwords_from_elsewhere_lock_nobody_out(strangers: list[str]) -> None:
    person(EMAIL)
    assert not any(sign_in("wrong", ip=ip) for ip in strangers)
    assert sign_in(ip="198.51.100.7")


def test_guesses_from_one_address_are_limited() -> None:
    person(EMAIL)
    for _ in range(5):
        sign_in("wrong", ip="203.0.113.9")
    assert not sign_in(ip="203.0.113.9")


def test_guesses_from_everywhere_are_limited_but_not_in_the_persons_own_browser(settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login_failed_account": "8/d/key"}
    person(EMAIL)
    own = Client()
    assert sign_in(ip="198.51.100.7", browser=own)
    own.post(reverse("account_logout"))
    for number in range(9):
        sign_in("wrong", ip=f"203.0.113.{number}")
    page = Client(REMOTE_ADDR="192.0.2.1").post(
        reverse("account_login"), {"login": EMAIL, "password": PASSWORD}
    )
    assert "Sign in with a code sent to your email" in page.content.decode()
    assert sign_in(ip="198.51.100.7", browser=own)


ASK = {"code": "account_request_login_code", "reset": "account_reset_password"}


def ask(kind: str, *, ip: str, email: str = EMAIL, browser: Client | None = None) -> str:
    answer = (browser or Client()).post(reverse(ASK[kind]), {"email": email}, REMOTE_ADDR=ip, follow=True)
    return str(answer.content.decode())


@pytest.mark.parametrize("kind", ASK)
@pytest.mark.parametrize("exists", [True, False], ids=["account", "no account"])
def test_sign_in_mails_have_daily_caps_and_the_page_says_so(kind: str, exists: bool) -> None:
    if exists:
        person(EMAIL)
    pages = [ask(kind, ip="203.0.113.9") for _ in range(mail_limits.MOST_FROM_ONE_IP + 2)]
    assert len(mail.outbox) == mail_limits.MOST_FROM_ONE_IP
    assert ["as many sign-in emails to this address today" in page for page in pages[-3:]] == [
        False,
        True,
        True,
    ]


def test_codes_and_resets_share_a_cap_and_it_ends_with_the_day() -> None:
    person(EMAIL)
    for number in range(mail_limits.MOST_FROM_ONE_IP + 1):
        ask(("code", "reset")[number % 2], ip="203.0.113.9")
    assert len(mail.outbox) == mail_limits.MOST_FROM_ONE_IP
    clock.advance(86400)
    ask("reset", ip="203.0.113.9")
    assert len(mail.outbox) == mail_limits.MOST_FROM_ONE_IP + 1


def test_strangers_cannot_use_up_the_codes_of_a_browser_in_use() -> None:
    person(EMAIL)
    own = Client()
    assert sign_in(ip="198.51.100.7", browser=own)
    own.post(reverse("account_logout"))
    assert devices.COOKIE in own.cookies
    for number in range(mail_limits.MOST_TO_ONE_ADDRESS + 5):
        ask("code", ip=f"203.0.113.{number}")
    assert len(mail.outbox) == mail_limits.MOST_TO_ONE_ADDRESS
    assert "as many sign-in emails" not in ask("code", ip="198.51.100.7", browser=own)
    assert len(mail.outbox) == mail_limits.MOST_TO_ONE_ADDRESS + 1


def test_one_address_cannot_mail_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_limits, "MOST_OF_ONE_IP", 6)
    for number in range(8):
        ask("code", ip="203.0.113.9", email=f"person{number}@elsewhere.example")
    assert len(mail.outbox) == 6


def test_a_code_that_is_not_sent_again_is_not_said_to_be_sent() -> None:
    person(EMAIL)
    client = Client(REMOTE_ADDR="203.0.113.9")
    client.post(reverse(ASK["code"]), {"email": EMAIL})
    for _ in range(mail_limits.MOST_FROM_ONE_IP - 1):
        ask("code", ip="203.0.113.9")
    sent = len(mail.outbox)
    page = client.post(reverse("account_confirm_login_code"), {"action": "resend"}, follow=True)
    text = page.content.decode()
    assert len(mail.outbox) == sent
    assert "as many sign-in emails to this address today" in text


def test_anonymous_visits_write_no_session() -> None:
    scene = build()
    headers = {"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"}
    writing = []
    for name in [name for name, row in ADDRESSES.items() if row.public]:
        path = reverse(name, kwargs=ADDRESSES[name].fill(scene))
        Client().get(path)
        Client().get(path, headers=headers)
        writing += [name] if Session.objects.exists() else []
        Session.objects.all().delete()
    assert not writing


def test_150_visits_of_the_passkey_page_write_nothing() -> None:
    client = Client()
    for _ in range(75):
        assert client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"}).json()
        assert Client().get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"}).json()
    assert not Session.objects.exists()


def test_sessions_of_visitors_end_after_an_hour_and_those_of_people_do_not() -> None:
    user = person(EMAIL)
    client = Client()
    client.post(reverse(ASK["code"]), {"email": user.email})
    (row,) = Session.objects.all()
    hour = timezone.now() + dt.timedelta(seconds=anonymous_sessions.MAX_AGE)
    assert row.expire_date <= hour
    code = mail.outbox[-1].body.split("\n\n")
    found = next(part.strip() for part in code if 5 < len(part.strip()) < 12 and " " not in part.strip())
    client.post(reverse("account_confirm_login_code"), {"code": found})
    assert "_auth_user_id" in client.session
    assert Session.objects.get(session_key=client.session.session_key).expire_date > hour


def test_expired_sessions_are_swept_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 100)
    old = timezone.now() - dt.timedelta(seconds=1)
    Session.objects.bulk_create(
        [Session(session_key=f"key{n}", session_data="", expire_date=old) for n in range(950)]
    )
    retention.delete_short_lived_rows()
    assert not Session.objects.exists()


@settings(max_examples=25)
@given(
    presses=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=30),
    most=st.integers(1, 4),
)
def test_no_daily_limit_is_ever_exceeded(presses: list[tuple[str, str]], most: int) -> None:
    DailyCount.objects.all().delete()
    allowed: list[tuple[str, str]] = []
    for sender, recipient in presses:
        try:
            daily_limits.spend(
                Limit("by", most + 1, (sender,)), Limit("to", most, (recipient,)), sentence="no"
            )
        except LimitReached:
            counts = (
                [pair[0] for pair in allowed].count(sender),
                [pair[1] for pair in allowed].count(recipient),
            )
            assert counts[0] == most + 1 or counts[1] == most
        else:
            allowed.append((sender, recipient))
    for sender in "ab":
        assert [pair[0] for pair in allowed].count(sender) <= most + 1
    for recipient in "xyz":
        assert [pair[1] for pair in allowed].count(recipient) <= most
