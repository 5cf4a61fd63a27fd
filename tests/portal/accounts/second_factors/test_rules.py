"""Second factors: sealed, asked for, used once, noted, and required of operators."""

import time
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.second_factors import rules
from portal.audit.models import Entry
from portal.encryption.fields import DecryptionError
from tests.portal.people import PASSWORD, person, totp_code, with_app, with_recovery_codes

pytestmark = pytest.mark.django_db
ADA, OLIVIA = "ada@cedar.example", "olivia@partner.example"
HOME = "/"
#: Where allauth keeps the secret of an app that is being set up.
SECRET_SESSION_KEY = "mfa.totp.secret"


def by_password(email: str) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    return client


def complete(client: Client, code: str) -> Any:
    return client.post(reverse("mfa_authenticate"), {"code": code})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def forget_allauths_note(user: User, code: str) -> None:
    """As allauth does itself after one step of 30 seconds, whereas a code works for three."""
    key = f"allauth.mfa.totp.used?user={user.pk}&code={code}"
    assert cache.delete(key), "allauth stores used codes under another cache key now"


def set_up_an_app(client: Client) -> str:
    """Walk through the page. Answers the secret."""
    page = client.get(reverse("mfa_activate_totp"))
    secret: str = page.context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)})
    return secret


# --- At rest --------------------------------------------------------------------------------------------------------


def test_a_seed_is_sealed_in_the_database_and_in_the_session_that_waits_for_its_first_code() -> None:
    person(ADA)
    client = by_password(ADA)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    waiting = str([session.get_decoded() for session in Session.objects.all()])
    assert SECRET_SESSION_KEY in waiting and secret not in waiting
    client.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)})
    seeds = {row.type: row.data for row in Authenticator.objects.all()}
    assert set(seeds) == {"totp", "recovery_codes"}
    assert secret not in str(seeds)
    assert SECRET_SESSION_KEY not in client.session
    assert rules.MFAAdapter().decrypt(seeds["totp"]["secret"]) == secret


def test_equal_seeds_do_not_look_equal_and_an_altered_one_does_not_open() -> None:
    adapter = rules.MFAAdapter()
    first, second = adapter.encrypt("same"), adapter.encrypt("same")
    assert first != second and adapter.decrypt(first) == adapter.decrypt(second) == "same"
    with pytest.raises(DecryptionError):
        adapter.decrypt(first[:-8] + "AAAAAAA=")


def test_pages_with_secrets_are_not_kept_by_browsers() -> None:
    user = person(ADA)
    client = by_password(ADA)
    set_up_an_app(client)
    assert Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    for name in ("mfa_view_recovery_codes", "mfa_download_recovery_codes", "mfa_index"):
        page = client.get(reverse(name))
        assert page.status_code == 200
        assert name == "mfa_index" or "no-store" in page.headers["Cache-Control"]


# --- Signing in -----------------------------------------------------------------------------------------------------


def test_a_password_alone_does_not_sign_in_whoever_has_an_app() -> None:
    secret = with_app(person(ADA))
    client = by_password(ADA)
    assert not is_signed_in(client)
    assert "not a code that works" in complete(client, "000000").content.decode()
    assert complete(client, totp_code(secret)).url == HOME
    assert is_signed_in(client)


def test_a_code_by_mail_alone_does_not_sign_in_whoever_has_an_app() -> None:
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


def test_a_new_password_by_mail_does_not_get_around_it() -> None:
    with_app(person(ADA))
    client = Client()
    client.post(reverse("account_reset_password"), {"email": ADA})
    link = next(line for line in mail.outbox[0].body.splitlines() if line.startswith("http"))
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert not is_signed_in(client) and not is_signed_in(by_password(ADA))


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_a_code_one_step_early_or_late_works_once(step: int) -> None:
    user = person(ADA)
    secret = with_app(user)
    code = totp_code(secret, step)
    first, second = by_password(ADA), by_password(ADA)
    complete(first, code)
    forget_allauths_note(user, code)
    complete(second, code)
    assert is_signed_in(first) and not is_signed_in(second)


def test_a_code_stays_used_for_as_long_as_it_could_work(monkeypatch: pytest.MonkeyPatch) -> None:
    user = person(ADA)
    secret = with_app(user)
    now = int(time.time()) // 30 * 30
    monkeypatch.setattr(time, "time", lambda: now + 1)
    code = totp_code(secret, 1)
    first = by_password(ADA)
    complete(first, code)
    forget_allauths_note(user, code)
    monkeypatch.setattr(time, "time", lambda: now + 58)
    second = by_password(ADA)
    complete(second, code)
    assert is_signed_in(first) and not is_signed_in(second)


def test_a_code_is_noted_for_all_the_steps_in_which_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    lifetimes = []
    monkeypatch.setattr(rules.cache, "add", lambda *args, timeout: lifetimes.append(timeout))
    rules.use_once(person(ADA), "123456")
    assert lifetimes == [90]


def test_trying_codes_is_limited() -> None:
    secret = with_app(person(ADA))
    client = by_password(ADA)
    for _ in range(5):
        complete(client, "000000")
    assert "Too many tries" in complete(client, totp_code(secret)).content.decode()
    assert not is_signed_in(client)


def test_a_recovery_code_works_once() -> None:
    user = person(ADA)
    with_app(user)
    code = with_recovery_codes(user)[0]
    first, second = by_password(ADA), by_password(ADA)
    complete(first, code), complete(second, code)
    assert is_signed_in(first) and not is_signed_in(second)


# --- Changing them --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_changes_is_told_by_mail_and_noted_by_kind() -> None:
    user = person(ADA)
    client = by_password(ADA)
    set_up_an_app(client)
    client.post(reverse("mfa_generate_recovery_codes"))
    client.post(reverse("mfa_deactivate_totp"))
    assert not rules.has_one(user)
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
def test_a_mail_server_that_refuses_undoes_no_change(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **kwargs: object) -> int:
        raise ConnectionRefusedError("not here")

    user = person(ADA)
    client = by_password(ADA)
    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    set_up_an_app(client)
    assert rules.has_one(user)
    assert client.post(reverse("mfa_generate_recovery_codes")).status_code == 302
    assert Entry.objects.filter(action="second_factor.replaced").count() == 1
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert caplog.text.count("was not sent (ConnectionRefusedError)") == 3 and ADA not in caplog.text


def test_somebody_who_signed_in_long_ago_confirms_it_first(monkeypatch: pytest.MonkeyPatch) -> None:
    person(ADA)
    client = by_password(ADA)
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    later = time.time() + 301
    monkeypatch.setattr(time, "time", lambda: later)
    asked = client.get(reverse("mfa_activate_totp"))
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert "This is not your password" in client.post(asked.url, {"password": "wrong"}).content.decode()
    assert client.post(asked.url, {"password": PASSWORD}).url == reverse("mfa_activate_totp")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_how_recent_is_recent_is_set_in_one_place(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 60
    person(ADA)
    client = by_password(ADA)
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.get(reverse("mfa_activate_totp")).url.startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize("name", ["mfa_activate_totp", "mfa_add_webauthn"])
def test_somebody_without_a_password_signs_in_again_first(signed_in: Any, name: str) -> None:
    client = signed_in(person(ADA, password=None))
    assert client.get(reverse(name)).url.startswith(reverse("account_request_login_code"))
    assert not is_signed_in(client)


@pytest.mark.parametrize("name", ["mfa_edit_webauthn", "mfa_remove_webauthn"])
def test_the_passkey_of_another_does_not_exist(name: str) -> None:
    theirs = Authenticator.objects.create(
        user=person("eve@cedar.example"), type="webauthn", data={"name": "x"}
    )
    person(ADA)
    client = by_password(ADA)
    for answer in (client.get(reverse(name, args=[theirs.pk])), client.post(reverse(name, args=[theirs.pk]))):
        assert answer.status_code == 404


def test_a_passkey_for_another_site_is_not_made(client: Client, settings: Any) -> None:
    settings.PORTAL_URL = "https://portal.example.com"
    options = client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["rpId"] == "portal.example.com"
    assert options["request_options"]["publicKey"]["userVerification"] == "required"


def test_a_passkey_that_nobody_made_signs_nobody_in(client: Client) -> None:
    for credential in ("", "{}", '{"response": {"userHandle": "MQ"}}', "no json"):
        answer = client.post(reverse("mfa_login_webauthn"), {"credential": credential})
        assert answer.url == reverse("account_login")
        assert not is_signed_in(client)


# --- The way back in ------------------------------------------------------------------------------------------------


def test_the_way_back_in_takes_everything_away_and_is_noted() -> None:
    user = person(OLIVIA, operator=True, factor=False)
    client = by_password(OLIVIA)
    set_up_an_app(client)
    told = StringIO()
    call_command("reset_second_factor", OLIVIA.upper(), stdout=told)
    assert "set up a new one" in told.getvalue()
    assert not Authenticator.objects.exists()
    assert client.get(HOME).url.startswith(reverse("account_login"))
    entry = Entry.objects.get(action="second_factor.reset")
    assert (entry.actor_id, entry.object_id, entry.detail) == (None, str(user.pk), {"factors": 2})
    assert by_password(OLIVIA).get(HOME).url == reverse("mfa_index")


def test_the_way_back_in_names_nobody_it_does_not_know() -> None:
    with pytest.raises(CommandError, match="Nobody signs in with this address"):
        call_command("reset_second_factor", "nobody@cedar.example")
    assert not Entry.objects.exists()


def test_somebody_without_a_second_factor_is_said_to_have_none() -> None:
    person(ADA)
    told = StringIO()
    call_command("reset_second_factor", ADA, stdout=told)
    assert "had no second factor" in told.getvalue()


def test_the_account_says_whether_there_is_one(signed_in: Any) -> None:
    user = person(ADA)
    client = signed_in(user)
    assert "<dd>none</dd>" in client.get(reverse("account")).content.decode()
    with_app(user)
    assert "<dd>set up</dd>" in client.get(reverse("account")).content.decode()
    assert User.objects.count() == 1
