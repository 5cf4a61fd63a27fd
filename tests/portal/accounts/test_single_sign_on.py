"""Signing in through an OpenID Connect provider, against a provider of the test's own."""

import re
from collections.abc import Iterator
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.site import checks
from tests.portal.accounts import oidc_provider
from tests.portal.accounts.oidc_provider import Provider
from tests.portal.people import person, totp_code, with_app

pytestmark = pytest.mark.django_db
ADA = "ada@cedar.example"
#: A JWT: two parts of base64 JSON, and more. Three letters of it turn up in random text by chance.
SIGNED_JSON = re.compile(r"eyJ[\w-]+\.[\w-]+\.")


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    running = Provider()
    running.claims = {"sub": "ada-1", "email": ADA, "email_verified": True, "name": "Ada Canary-Surname"}
    settings.OIDC_ISSUER, settings.OIDC_NAME = running.issuer, "Cedar ID"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = (
        oidc_provider.CLIENT_ID,
        oidc_provider.CLIENT_SECRET,
    )
    settings.OIDC_ALLOWED = ["cedar.example"]
    yield running
    running.close()


def sign_in(client: Client, provider: Provider, query: str = "") -> Any:
    begun = client.get(reverse("single_sign_on") + query)
    return client.get(reverse("openid_connect_callback"), provider.authorize(begun.url))


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_without_an_issuer_there_is_no_button_and_no_way(client: Client) -> None:
    assert reverse("single_sign_on") not in client.get(reverse("account_login")).content.decode()
    assert client.get(reverse("single_sign_on")).status_code == 404
    assert client.get(reverse("openid_connect_callback"), {"code": "x"}).status_code == 404


def test_somebody_with_a_proven_address_is_signed_in(provider: Provider, client: Client) -> None:
    user = person(ADA)
    assert "Sign in with Cedar ID" in client.get(reverse("account_login")).content.decode()
    assert sign_in(client, provider, "?next=/account/").url == "/account/"
    assert client.session["_auth_user_id"] == str(user.pk)
    assert Entry.objects.get(action="single_sign_on.bound").object_id == str(user.pk)


def test_a_mail_server_that_refuses_keeps_nobody_out(
    provider: Provider, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> int:
        raise SMTPServerDisconnected("not now")

    person(ADA)
    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    assert sign_in(client, provider).status_code == 302
    assert is_signed_in(client) and SocialAccount.objects.exists()


def test_it_leads_on_inside_the_portal_only(provider: Provider, client: Client) -> None:
    person(ADA)
    assert sign_in(client, provider, "?next=https://evil.example/").url == reverse("home")


def test_nothing_of_the_provider_is_kept_but_an_id_and_the_address(
    provider: Provider, client: Client
) -> None:
    with_app(person(ADA))  # so that the sign-in waits half done in the session
    assert sign_in(client, provider).url == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert not SocialToken.objects.exists()
    stored = str([session.get_decoded() for session in Session.objects.all()])
    stored += str(list(SocialAccount.objects.values()))
    assert "account_login" in stored and "ada-1" in stored
    for canary in (oidc_provider.ACCESS_TOKEN, oidc_provider.REFRESH_TOKEN, "Canary-Surname"):
        assert canary not in stored
    assert not SIGNED_JSON.search(stored)


def test_a_stranger_gets_no_account(provider: Provider, client: Client) -> None:
    answer = sign_in(client, provider)
    assert answer.status_code == 403 and "nobody was found" in answer.content.decode()
    assert not User.objects.exists() and not is_signed_in(client)
    assert "socialaccount_sociallogin" not in client.session


@pytest.mark.parametrize(
    "told", [{"email_verified": False}, {"email_verified": None}, {"email": "ada@evil.example"}]
)
def test_an_address_that_is_not_vouched_for_signs_nobody_in(
    provider: Provider, client: Client, told: dict[str, Any]
) -> None:
    person(ADA), person("ada@evil.example")
    provider.claims |= told
    assert sign_in(client, provider).status_code == 403
    assert not is_signed_in(client)


def test_an_address_not_proven_here_signs_nobody_in(provider: Provider, client: Client) -> None:
    person(ADA)
    EmailAddress.objects.update(verified=False)
    assert sign_in(client, provider).status_code == 403


def test_an_account_that_is_switched_off_stays_out(provider: Provider, client: Client) -> None:
    person(ADA)
    User.objects.update(is_active=False)
    assert sign_in(client, provider).status_code == 403


def test_an_address_given_to_somebody_else_does_not_give_them_the_account(provider: Provider) -> None:
    person(ADA)
    sign_in(Client(), provider)
    provider.claims["sub"] = "the-new-ada"
    successor = Client()
    assert sign_in(successor, provider).status_code == 403
    assert not is_signed_in(successor)


def test_a_person_whose_address_changed_there_is_not_signed_in_as_who_they_were(provider: Provider) -> None:
    person(ADA), person("eve@cedar.example")
    sign_in(Client(), provider)
    provider.claims["email"] = "eve@cedar.example"
    later = Client()
    assert sign_in(later, provider).status_code == 403
    assert not is_signed_in(later)


def forged_by_another_key(provider: Provider) -> None:
    provider.signer = oidc_provider.key_of("forger")


def forged_with_the_client_secret(provider: Provider) -> None:
    provider.algorithm = "HS256"


def of_another_issuer(provider: Provider) -> None:
    provider.claims["iss"] = "https://id.evil.example"


def for_another_client(provider: Provider) -> None:
    provider.claims["aud"] = "another-client"


def expired(provider: Provider) -> None:
    provider.claims["exp"] = 1


@pytest.mark.parametrize(
    "spoil",
    [forged_by_another_key, forged_with_the_client_secret, of_another_issuer, for_another_client, expired],
)
def test_an_id_token_that_cannot_be_trusted_signs_nobody_in(
    provider: Provider, client: Client, spoil: Any, caplog: pytest.LogCaptureFixture
) -> None:
    person(ADA)
    spoil(provider)
    answer = sign_in(client, provider)
    assert answer.status_code == 401 and "cannot be trusted" in answer.content.decode()
    assert not is_signed_in(client)
    assert "OAuth2Error" in caplog.text and not SIGNED_JSON.search(caplog.text)


def test_user_info_about_somebody_else_is_refused(provider: Provider, client: Client) -> None:
    person(ADA)
    provider.claims = {"sub": "eve-1"}
    provider.user_info = {"sub": "ada-1", "email": ADA, "email_verified": True}
    assert sign_in(client, provider).status_code == 401
    provider.claims = {"sub": "ada-1"}
    assert sign_in(client, provider).status_code == 302
    assert is_signed_in(client)


def test_a_code_from_another_browser_signs_nobody_in(provider: Provider) -> None:
    person(ADA)
    begun = Client().get(reverse("single_sign_on"))
    victim = Client()
    answer = victim.get(reverse("openid_connect_callback"), provider.authorize(begun.url))
    assert answer.status_code == 401 and not is_signed_in(victim)


def test_another_site_sends_nobody_there_without_a_click(provider: Provider, client: Client) -> None:
    page = client.get(reverse("single_sign_on"), headers={"sec-fetch-site": "cross-site"})
    assert page.status_code == 200 and "Go on only if you meant to" in page.content.decode()


def test_a_change_of_mind_is_no_error(provider: Provider, client: Client) -> None:
    begun = client.get(reverse("single_sign_on"))
    state = provider.authorize(begun.url)["state"]
    page = client.get(
        reverse("openid_connect_callback"), {"error": "access_denied", "state": state}, follow=True
    )
    assert "Nothing changed" in page.content.decode()


def test_a_provider_that_is_away_is_said_so(provider: Provider, client: Client, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    page = client.get(reverse("single_sign_on"))
    assert page.status_code == 502 and "did not work" in page.content.decode()


@pytest.mark.parametrize(
    "answer",
    [
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": 7},
        {"token_endpoint_auth_methods_supported": 7},
        [],
        "text",
    ],
)
def test_a_provider_that_says_nonsense_about_itself_is_said_so(
    provider: Provider, client: Client, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    provider.configuration = {**provider.configuration, **answer} if isinstance(answer, dict) else answer
    page = client.get(reverse("single_sign_on"))
    assert page.status_code == 502 and "did not work" in page.content.decode()
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("answer", [[], "text", {"access_token": "t", "expires_in": "soon", "id_token": "x"}])
def test_a_provider_that_answers_nonsense_for_a_code_signs_nobody_in(
    provider: Provider, client: Client, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    person(ADA)
    provider.token_answer = answer
    assert sign_in(client, provider).status_code in (401, 502)
    assert not is_signed_in(client)
    assert oidc_provider.ACCESS_TOKEN not in caplog.text and not SIGNED_JSON.search(caplog.text)


def test_keys_that_are_no_keys_sign_nobody_in(provider: Provider, client: Client) -> None:
    person(ADA)
    provider.keys = {"keys": [{"kty": "RSA"}]}
    assert sign_in(client, provider).status_code == 502
    assert not is_signed_in(client)


def test_an_error_of_the_portals_own_is_not_taken_for_the_providers(
    provider: Provider, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise KeyError("a mistake of ours")

    person(ADA)
    monkeypatch.setattr("portal.accounts.devices.remember", fail)
    with pytest.raises(KeyError):
        sign_in(client, provider)


def test_half_a_provider_stops_the_start(settings: Any) -> None:
    assert checks.single_sign_on_is_complete() == []
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = "http://id.example", "portal"
    found = {problem.id: problem.msg for problem in checks.single_sign_on_is_complete()}
    assert "OIDC_CLIENT_SECRET and OIDC_ALLOWED" in found["portal.E005"]
    assert "https://" in found["portal.E006"]


def test_whoever_fails_the_second_factor_is_bound_to_nobody(provider: Provider) -> None:
    secret = with_app(person(ADA))
    provider.claims["sub"] = "somebody-with-the-address"
    half = Client()
    assert sign_in(half, provider).url == reverse("mfa_authenticate")
    assert not SocialAccount.objects.exists()
    provider.claims["sub"] = "ada-1"
    real = Client()
    assert sign_in(real, provider).url == reverse("mfa_authenticate")
    real.post(reverse("mfa_authenticate"), {"code": totp_code(secret)})
    assert is_signed_in(real)
    assert SocialAccount.objects.get().uid == "ada-1"
    assert Entry.objects.filter(action="single_sign_on.bound").count() == 1


def test_of_two_who_wait_for_a_second_factor_only_the_first_to_complete_is_bound(provider: Provider) -> None:
    secret = with_app(person(ADA))
    first, second = Client(), Client()
    for client, sub in ((first, "ada-1"), (second, "somebody-with-the-address")):
        provider.claims["sub"] = sub
        assert sign_in(client, provider).url == reverse("mfa_authenticate")
    first.post(reverse("mfa_authenticate"), {"code": totp_code(secret)})
    answer = second.post(reverse("mfa_authenticate"), {"code": totp_code(secret, 1)})
    assert answer.status_code == 403
    assert is_signed_in(first) and not is_signed_in(second)
    assert SocialAccount.objects.get().uid == "ada-1"
    assert Entry.objects.filter(action="single_sign_on.bound").count() == 1


def test_one_person_who_completes_two_sign_ins_is_bound_once(provider: Provider) -> None:
    secret = with_app(person(ADA))
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client, provider)
    for step, client in enumerate((first, second)):
        client.post(reverse("mfa_authenticate"), {"code": totp_code(secret, step)})
        assert is_signed_in(client)
    assert Entry.objects.filter(action="single_sign_on.bound").count() == 1
    assert [sent.subject for sent in mail.outbox].count(mail.outbox[0].subject) == 1


def test_an_id_that_was_bound_to_somebody_else_meanwhile_signs_nobody_in(provider: Provider) -> None:
    secret = with_app(person(ADA))
    eve = person("eve@cedar.example")
    client = Client()
    sign_in(client, provider)
    SocialAccount.objects.create(provider="company", uid="ada-1", user=eve)
    answer = client.post(reverse("mfa_authenticate"), {"code": totp_code(secret)})
    assert answer.status_code == 403 and not is_signed_in(client)


def test_going_to_the_provider_is_limited_and_takes_a_get(provider: Provider) -> None:
    answers = [Client().get(reverse("single_sign_on")).status_code for _ in range(25)]
    assert answers[0] == 302 and answers[-1] == 429
    assert Client().post(reverse("single_sign_on"), {"process": "connect"}).status_code == 405
