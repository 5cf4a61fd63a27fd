"""System checks of the portal's settings."""

from django.core.checks import run_checks


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
