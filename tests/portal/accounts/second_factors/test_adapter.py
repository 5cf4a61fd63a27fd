"""What allauth asks the portal about second factors."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from portal.accounts.second_factors.adapter import MFAAdapter
from portal.accounts.session_store import SessionStore
from portal.encryption.cipher import DecryptionError
from tests.portal.accounts.second_factors.visitor import (
    ADA,
    by_password,
    is_signed_in,
    set_up_an_app,
)
from tests.portal.people import person, totp_code

pytestmark = pytest.mark.django_db
#: Where allauth keeps the secret of an app that is being set up.
SECRET_SESSION_KEY = "mfa.totp.secret"


def test_a_secret_is_encrypted_in_the_database_and_in_the_session_until_its_first_code() -> None:
    person(ADA)
    client = by_password(ADA)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    waiting = str([SessionStore(session.session_key).load() for session in Session.objects.all()])
    assert SECRET_SESSION_KEY in waiting and secret not in waiting
    client.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)})
    secrets = {row.type: row.data for row in Authenticator.objects.all()}
    assert set(secrets) == {"totp", "recovery_codes"}
    assert secret not in str(secrets)
    assert SECRET_SESSION_KEY not in client.session
    assert MFAAdapter().decrypt(secrets["totp"]["secret"]) == secret


def test_equal_secrets_have_different_ciphertexts_and_an_altered_one_cannot_be_decrypted() -> None:
    adapter = MFAAdapter()
    first, second = adapter.encrypt("same"), adapter.encrypt("same")
    assert first != second and adapter.decrypt(first) == adapter.decrypt(second) == "same"
    with pytest.raises(DecryptionError):
        adapter.decrypt(first[:-8] + "AAAAAAA=")


def test_browsers_do_not_cache_pages_with_secrets() -> None:
    user = person(ADA)
    client = by_password(ADA)
    set_up_an_app(client)
    assert Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    for name in ("mfa_view_recovery_codes", "mfa_download_recovery_codes", "mfa_index"):
        page = client.get(reverse(name))
        assert page.status_code == 200
        assert name == "mfa_index" or "no-store" in page.headers["Cache-Control"]


def test_passkeys_are_bound_to_the_portals_host_and_verify_the_person(client: Client, settings: Any) -> None:
    settings.PORTAL_URL = "https://portal.example.com"
    options = client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["rpId"] == "portal.example.com"
    assert options["request_options"]["publicKey"]["userVerification"] == "required"


def test_an_unknown_or_malformed_passkey_signs_nobody_in(client: Client) -> None:
    for credential in ("", "{}", '{"response": {"userHandle": "MQ"}}', "no json"):
        answer = client.post(reverse("mfa_login_webauthn"), {"credential": credential})
        assert answer.url == reverse("account_login")
        assert not is_signed_in(client)
