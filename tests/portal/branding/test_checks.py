"""System checks of the branding."""

from typing import Any

import pytest
from django.core.checks import run_checks

from portal.accounts.models import User
from portal.branding import changes


def found(**options: Any) -> list[str]:
    messages = run_checks(include_deployment_checks=True, **options)
    return [message.msg for message in messages if message.id in {"portal.E011", "portal.W012"}]


def test_a_deployment_without_the_partners_name_or_support_address_is_warned_of(settings: Any) -> None:
    assert [message.partition(" ")[0] for message in found()] == ["PARTNER_NAME", "SUPPORT_EMAIL"]
    settings.PARTNER_NAME, settings.SUPPORT_EMAIL = "Acme Software", "help@acme.example"
    assert found() == []


@pytest.mark.django_db
def test_what_operators_have_set_counts_if_the_check_may_read_the_database(operator: User) -> None:
    changes.save({"partner_name": "Acme", "support_email": "help@acme.example"}, actor=operator)
    assert len(found()) == 2
    assert found(databases=["default"]) == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ACCENT_COLOR", "teal"), ("PRIVACY_URL", "http://acme.example"), ("SUPPORT_EMAIL", "help")],
)
def test_a_setting_that_can_not_be_used_is_an_error(settings: Any, variable: str, value: str) -> None:
    setattr(settings, variable, value)
    assert f"{variable} can't be used." in found()
