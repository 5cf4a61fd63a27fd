"""Passwords are hashed with Argon2id, and older hashes are replaced at the next sign-in."""

from typing import Any

import pytest
from django.contrib.auth.hashers import check_password, make_password

from portal.accounts.hashers import Argon2idHasher
from portal.accounts.models import User

HASHERS = ["portal.accounts.hashers.Argon2idHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]


@pytest.fixture(autouse=True)
def hashers(settings: Any) -> None:
    settings.PASSWORD_HASHERS = HASHERS


def test_a_hash_says_the_parameters_that_owasp_recommends() -> None:
    encoded = make_password("see-how-it-works")
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password("see-how-it-works", encoded) and not check_password("see-how-it-fails", encoded)
    assert not Argon2idHasher().must_update(encoded)


@pytest.mark.django_db
def test_an_older_hash_is_replaced_when_its_user_signs_in() -> None:
    user = User.objects.create_user("ada@lender.example")
    user.password = make_password("see-how-it-works", hasher="pbkdf2_sha256")
    user.save()
    assert not user.check_password("wrong")
    user.refresh_from_db()
    assert user.password.startswith("pbkdf2_sha256$")
    assert user.check_password("see-how-it-works")
    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$")
    assert user.check_password("see-how-it-works")
