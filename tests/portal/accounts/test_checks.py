"""System checks of the single sign-on settings."""

from typing import Any

from portal.accounts import checks


def test_an_incomplete_or_unencrypted_provider_prevents_the_start(settings: Any) -> None:
    assert checks.check_single_sign_on() == []
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = "http://id.example", "portal"
    found = {problem.id: problem.msg for problem in checks.check_single_sign_on()}
    assert "OIDC_CLIENT_SECRET and OIDC_ALLOWED are not" in found["portal.E005"]
    assert "https://" in found["portal.E006"]
