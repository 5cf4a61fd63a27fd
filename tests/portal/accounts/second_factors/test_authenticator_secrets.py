"""Key rotation of second factors."""

import base64
import uuid
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from portal.accounts.second_factors.adapter import MFAAdapter
from portal.accounts.second_factors.authenticator_secrets import AuthenticatorSecrets
from portal.accounts.second_factors.binding import id_of
from portal.encryption import rotation
from portal.encryption.cipher import DecryptionError
from tests.portal.encryption.keys import old_ciphertext, put_in_front, take_out
from tests.portal.people import PASSWORD, person, totp_code, with_app, with_recovery_codes

pytestmark = pytest.mark.django_db


def sign_in(email: str, code: str) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    client.post(reverse("mfa_authenticate"), {"code": code})
    return client


def test_an_app_and_its_recovery_codes_still_work_after_the_old_key_is_removed(settings: Any) -> None:
    user = person("ada@cedar.example")
    secret = with_app(user)
    used, unused, *_ = with_recovery_codes(user)
    assert Authenticator.objects.get(type="recovery_codes").wrap().validate_code(used)
    put_in_front(settings)
    assert rotation.rotate().reencrypted == 2
    take_out(settings)
    assert "_auth_user_id" in sign_in(user.email, totp_code(secret)).session
    assert "_auth_user_id" not in sign_in(user.email, used).session
    assert "_auth_user_id" in sign_in(user.email, unused).session


def test_an_altered_secret_is_reported(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    row = Authenticator.objects.get()
    Authenticator.objects.filter(pk=row.pk).update(data={**row.data, "secret": "no base64"})
    put_in_front(settings)
    (failure,) = rotation.rotate().failed
    assert (failure.store, failure.row) == ("mfa.Authenticator.data", str(row.pk))


def test_an_authenticator_removed_during_a_rotation_is_no_failure(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    put_in_front(settings)
    (read,) = AuthenticatorSecrets().values("new", others=True, after=None, limit=5)
    Authenticator.objects.all().delete()
    assert AuthenticatorSecrets().reencrypt(read) is False


def test_secrets_are_read_in_batches(settings: Any) -> None:
    for number in range(5):
        with_app(person(f"p{number}@cedar.example"))
    put_in_front(settings)
    first = AuthenticatorSecrets().values("new", others=True, after=None, limit=2)
    rest = AuthenticatorSecrets().values("new", others=True, after=first[-1].row, limit=10)
    assert [len(first), len(rest)] == [2, 3]


def test_a_secret_copied_to_another_persons_factor_signs_nobody_in() -> None:
    mine, theirs = person("ada@cedar.example"), person("ben@cedar.example")
    secret = with_app(mine)
    with_app(theirs)
    codes = with_recovery_codes(mine)
    copied = Authenticator.objects.get(user=mine, type="totp").data
    Authenticator.objects.filter(user=theirs, type="totp").update(data=copied)
    assert "_auth_user_id" not in sign_in(theirs.email, totp_code(secret)).session
    assert "_auth_user_id" in sign_in(mine.email, totp_code(secret)).session
    # neither does a whole row given to another person, and saving it doesn't help
    row = Authenticator.objects.get(user=mine, type="recovery_codes")
    Authenticator.objects.filter(pk=row.pk).update(user=theirs)
    assert "_auth_user_id" not in sign_in(theirs.email, codes[0]).session
    with pytest.raises(DecryptionError):
        Authenticator.objects.get(pk=row.pk).save()
    assert len(rotation.rotate().failed) == 2


def test_a_secret_from_before_secrets_were_bound_works_and_is_bound_by_the_next_rotation() -> None:
    user = person("ada@cedar.example")
    secret = with_app(user)
    row, id = Authenticator.objects.get(), uuid.uuid4()
    old = base64.b64encode(id.bytes + old_ciphertext(secret, label="second factor", row=id)).decode()
    Authenticator.objects.filter(pk=row.pk).update(data={"secret": old})
    assert Authenticator.objects.get().wrap().validate_code(totp_code(secret))
    outcome = rotation.rotate()
    assert (outcome.reencrypted, outcome.failed) == (1, [])
    bound = Authenticator.objects.get()
    assert base64.b64decode(bound.data["secret"])[:16] == id_of(bound).bytes
    assert MFAAdapter().decrypt(bound.data["secret"]) == secret
