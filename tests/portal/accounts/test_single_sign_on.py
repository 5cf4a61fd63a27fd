"""Who can sign in through an OpenID Connect provider."""

from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.session_store import SessionStore
from portal.audit.models import Entry
from tests.portal.accounts import oidc_provider
from tests.portal.accounts.oidc_provider import ADA, SIGNED_JSON, Provider, is_signed_in, sign_in
from tests.portal.people import person, with_app

pytestmark = pytest.mark.django_db


def test_without_an_issuer_there_is_no_button_and_no_page(client: Client) -> None:
    assert reverse("single_sign_on") not in client.get(reverse("account_login")).content.decode()
    assert client.get(reverse("single_sign_on")).status_code == 404
    assert client.get(reverse("openid_connect_callback"), {"code": "x"}).status_code == 404


def test_a_person_with_a_verified_address_is_signed_in(provider: Provider, client: Client) -> None:
    user = person(ADA)
    assert "Sign in with Cedar ID" in client.get(reverse("account_login")).content.decode()
    assert sign_in(client, provider, "?next=/account/").url == "/account/"
    assert client.session["_auth_user_id"] == str(user.pk)
    assert Entry.objects.get(action="single_sign_on.linked").object_id == str(user.pk)


def test_a_failing_mail_server_does_not_stop_a_sign_in(
    provider: Provider, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> int:
        raise SMTPServerDisconnected("not now")

    person(ADA)
    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    assert sign_in(client, provider).status_code == 302
    assert is_signed_in(client) and SocialAccount.objects.exists()


def test_it_redirects_only_within_the_portal(provider: Provider, client: Client) -> None:
    person(ADA)
    assert sign_in(client, provider, "?next=https://evil.example/").url == reverse("home")


def test_only_the_id_and_the_address_from_the_provider_are_stored(provider: Provider, client: Client) -> None:
    with_app(person(ADA))  # so that the sign-in waits half done in the session
    assert sign_in(client, provider).url == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert not SocialToken.objects.exists()
    rows = Session.objects.all()
    stored = str([SessionStore(row.session_key).decode(row.session_data) for row in rows])
    stored += str(list(SocialAccount.objects.values()))
    assert "account_login" in stored and "ada-1" in stored
    for canary in (oidc_provider.ACCESS_TOKEN, oidc_provider.REFRESH_TOKEN, "Canary-Surname"):
        assert canary not in stored
    assert not SIGNED_JSON.search(stored)


def test_a_person_without_an_account_does_not_get_one(provider: Provider, client: Client) -> None:
    answer = sign_in(client, provider)
    assert answer.status_code == 403 and "no account that matches" in answer.content.decode()
    assert not User.objects.exists() and not is_signed_in(client)
    assert "socialaccount_sociallogin" not in client.session


@pytest.mark.parametrize(
    "claims", [{"email_verified": False}, {"email_verified": None}, {"email": "ada@evil.example"}]
)
def test_an_address_that_the_provider_has_not_verified_or_may_not_verify_signs_nobody_in(
    provider: Provider, client: Client, claims: dict[str, Any]
) -> None:
    person(ADA), person("ada@evil.example")
    provider.claims |= claims
    assert sign_in(client, provider).status_code == 403
    assert not is_signed_in(client)


def test_an_address_that_is_not_verified_in_the_portal_signs_nobody_in(
    provider: Provider, client: Client
) -> None:
    person(ADA)
    EmailAddress.objects.update(verified=False)
    assert sign_in(client, provider).status_code == 403


def test_a_deactivated_account_cannot_sign_in(provider: Provider, client: Client) -> None:
    person(ADA)
    User.objects.update(is_active=False)
    assert sign_in(client, provider).status_code == 403


def test_a_link_on_another_site_asks_before_it_redirects_to_the_provider(
    provider: Provider, client: Client
) -> None:
    page = client.get(reverse("single_sign_on"), headers={"sec-fetch-site": "cross-site"})
    assert page.status_code == 200 and "Continue only if you meant to sign in" in page.content.decode()


def test_canceling_at_the_provider_is_no_error(provider: Provider, client: Client) -> None:
    begun = client.get(reverse("single_sign_on"))
    state = provider.authorize(begun.url)["state"]
    page = client.get(
        reverse("openid_connect_callback"), {"error": "access_denied", "state": state}, follow=True
    )
    assert "Sign-in canceled" in page.content.decode()


def test_an_error_of_the_portal_is_not_reported_as_the_providers(
    provider: Provider, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise KeyError("a mistake of ours")

    person(ADA)
    monkeypatch.setattr("portal.accounts.devices.remember", fail)
    with pytest.raises(KeyError):
        sign_in(client, provider)


def test_starting_a_sign_in_is_rate_limited_and_takes_only_get(provider: Provider) -> None:
    answers = [Client().get(reverse("single_sign_on")).status_code for _ in range(25)]
    assert answers[0] == 302 and answers[-1] == 429
    assert Client().post(reverse("single_sign_on"), {"process": "connect"}).status_code == 405
