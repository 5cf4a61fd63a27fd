"""System checks of the encryption keys."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.checks import run_checks
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core import clock
from portal.encryption import checks, known_keys, rotation
from tests.portal.encryption.keys import entry, put_in_front, take_out
from tests.portal.people import person, with_app


def key_messages() -> dict[str | None, str]:
    messages = run_checks(tags=[checks.TAG], databases=["default"])
    return {message.id: str(message.msg) for message in messages}


def test_malformed_keys_prevent_the_start(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = "not a key"
    assert "portal.E001" in {message.id for message in run_checks()}


@pytest.mark.django_db
def test_a_missing_key_that_stored_secrets_need_is_an_error(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    assert key_messages() == {}
    put_in_front(settings)
    assert key_messages() == {}
    take_out(settings)
    assert key_messages() == {
        "portal.E008": "Key “test” is missing from ENCRYPTION_KEYS. Stored secrets that need it: 1."
    }


@pytest.mark.django_db
def test_an_unused_key_is_reported_but_not_one_that_was_just_added(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    known_keys.report("web")
    clock.advance(60)
    settings.ENCRYPTION_KEYS = f"{settings.ENCRYPTION_KEYS},{entry('new')}"
    known_keys.report("web")
    assert key_messages() == {}
    settings.ENCRYPTION_KEYS = ",".join(reversed(settings.ENCRYPTION_KEYS.split(",")))
    known_keys.report("web")
    rotation.rotate()
    assert set(key_messages()) == {"portal.I010"}


@pytest.mark.django_db
def test_a_damaged_secret_has_its_own_error(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    Authenticator.objects.update(data={"secret": "damaged"})
    assert set(key_messages()) == {"portal.E009"}


@pytest.mark.django_db
def test_checks_read_the_database_only_if_asked_to() -> None:
    with CaptureQueriesContext(connection) as queries:
        run_checks()
    assert len(queries) == 0
