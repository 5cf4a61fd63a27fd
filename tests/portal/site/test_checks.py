"""System checks of the portal's settings."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.checks import run_checks
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core import clock
from portal.encryption import known_keys, rotation, status
from tests.portal.encryption.keys import entry, put_in_front, take_out
from tests.portal.people import person, with_app


def found() -> set[str | None]:
    return {message.id for message in run_checks(include_deployment_checks=True)}


def test_mail_that_would_be_printed_into_the_log_is_said_before_production(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "portal.W007" in found()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "portal.W007" not in found()


def test_a_demo_that_others_could_reach_does_not_start(settings) -> None:
    settings.DEMO, settings.PORTAL_URL = True, "https://portal.example"
    assert "portal.E002" in found()
    settings.PORTAL_URL, settings.ALLOWED_HOSTS = "http://localhost:8000", ["localhost"]
    assert "portal.E002" not in found()


def test_keys_that_cannot_be_read_stop_the_start(settings) -> None:
    settings.ENCRYPTION_KEYS = "not a key"
    assert "portal.E001" in found()


def keys_found() -> dict[str | None, str]:
    messages = run_checks(tags=[status.TAG], databases=["default"])
    return {message.id: str(message.msg) for message in messages}


@pytest.mark.django_db
def test_a_key_that_stored_secrets_need_and_that_is_not_configured_is_an_error(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    assert keys_found() == {}
    put_in_front(settings)
    assert keys_found() == {}
    take_out(settings)
    found = keys_found()
    assert (
        set(found) == {"portal.E008"} and "“test”" in found["portal.E008"] and ": 1." in found["portal.E008"]
    )


@pytest.mark.django_db
def test_a_key_that_nothing_needs_any_more_is_said_and_one_that_comes_next_is_not(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    known_keys.report("web")
    clock.advance(60)
    settings.ENCRYPTION_KEYS = f"{settings.ENCRYPTION_KEYS},{entry('new')}"
    known_keys.report("web")
    assert keys_found() == {}
    settings.ENCRYPTION_KEYS = ",".join(reversed(settings.ENCRYPTION_KEYS.split(",")))
    known_keys.report("web")
    rotation.rotate()
    assert set(keys_found()) == {"portal.I010"}


@pytest.mark.django_db
def test_a_damaged_secret_is_an_error_of_its_own(settings: Any) -> None:
    with_app(person("ada@cedar.example"))
    Authenticator.objects.update(data={"secret": "damaged"})
    assert set(keys_found()) == {"portal.E009"}


@pytest.mark.django_db
def test_keys_are_counted_only_where_a_database_is_asked_for() -> None:
    with CaptureQueriesContext(connection) as queries:
        run_checks()
    assert len(queries) == 0
