"""Answers of an OpenID Connect provider that are invalid, untrusted or missing."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.portal.accounts import oidc_provider
from tests.portal.accounts.oidc_provider import ADA, SIGNED_JSON, Provider, is_signed_in, sign_in
from tests.portal.people import person

pytestmark = pytest.mark.django_db


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
    "forge",
    [forged_by_another_key, forged_with_the_client_secret, of_another_issuer, for_another_client, expired],
)
def test_an_id_token_that_fails_verification_signs_nobody_in(
    provider: Provider, client: Client, forge: Any, caplog: pytest.LogCaptureFixture
) -> None:
    person(ADA)
    forge(provider)
    answer = sign_in(client, provider)
    assert answer.status_code == 401 and "invalid answer" in answer.content.decode()
    assert not is_signed_in(client)
    assert "OAuth2Error" in caplog.text and not SIGNED_JSON.search(caplog.text)


def test_user_info_about_another_person_is_rejected(provider: Provider, client: Client) -> None:
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


def test_a_provider_that_cannot_be_reached_has_an_error_page(
    provider: Provider, client: Client, settings: Any
) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    page = client.get(reverse("single_sign_on"))
    assert page.status_code == 502 and "Sign-in failed" in page.content.decode()


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
def test_an_invalid_discovery_document_has_an_error_page(
    provider: Provider, client: Client, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    provider.configuration = {**provider.configuration, **answer} if isinstance(answer, dict) else answer
    page = client.get(reverse("single_sign_on"))
    assert page.status_code == 502 and "Sign-in failed" in page.content.decode()
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("answer", [[], "text", {"access_token": "t", "expires_in": "soon", "id_token": "x"}])
def test_an_invalid_token_answer_signs_nobody_in(
    provider: Provider, client: Client, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    person(ADA)
    provider.token_answer = answer
    assert sign_in(client, provider).status_code in (401, 502)
    assert not is_signed_in(client)
    assert oidc_provider.ACCESS_TOKEN not in caplog.text and not SIGNED_JSON.search(caplog.text)


def test_invalid_signing_keys_sign_nobody_in(provider: Provider, client: Client) -> None:
    person(ADA)
    provider.keys = {"keys": [{"kty": "RSA"}]}
    assert sign_in(client, provider).status_code == 502
    assert not is_signed_in(client)
