"""System checks of settings that would make the portal unsafe."""

from typing import Any

from django.core.checks import run_checks


def found() -> set[str | None]:
    return {message.id for message in run_checks(include_deployment_checks=True)}


def test_a_deployment_check_warns_if_mail_is_printed_to_the_log(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "portal.W007" in found()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "portal.W007" not in found()
