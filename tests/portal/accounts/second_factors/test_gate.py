"""Operators without a second factor are kept at the page where they set one up."""

from typing import Any

import pytest
from django.urls import reverse

from portal.accounts.second_factors import rules
from tests.portal.accounts.second_factors.test_rules import (
    ADA,
    HOME,
    OLIVIA,
    by_password,
    is_signed_in,
    set_up_an_app,
)
from tests.portal.people import person, with_recovery_codes

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "home",
    "organizations",
    "settings",
    "audit_log",
    "account",
    "sessions",
    "jobs",
    "delete_account",
]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_operator_without_one_gets_nowhere_else(signed_in: Any, name: str) -> None:
    client = signed_in(person(OLIVIA, operator=True, factor=False))
    assert client.get(reverse(name)).url == reverse("mfa_index")
    assert client.post(reverse("new_organization"), {"name": "Sneaked in"}).url == reverse("mfa_index")


def test_a_part_of_a_page_leads_the_whole_page_there(signed_in: Any) -> None:
    client = signed_in(person(OLIVIA, operator=True, factor=False))
    answer = client.get(reverse("jobs"), headers={"hx-request": "true"})
    assert answer.status_code == 204 and answer.headers["HX-Redirect"] == reverse("mfa_index")


def test_an_operator_may_sign_out_without_one(signed_in: Any) -> None:
    client = signed_in(person(OLIVIA, operator=True, factor=False))
    assert "Set up a second factor" in client.get(reverse("mfa_index")).content.decode()
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


def test_recovery_codes_alone_are_no_second_factor(signed_in: Any) -> None:
    user = person(OLIVIA, operator=True, factor=False)
    with_recovery_codes(user)
    assert signed_in(user).get(HOME).url == reverse("mfa_index")


def test_setting_one_up_opens_the_portal_and_removing_it_closes_it_again() -> None:
    person(OLIVIA, operator=True, factor=False)
    client = by_password(OLIVIA)
    set_up_an_app(client)
    assert client.get(HOME).status_code == 200
    client.post(reverse("mfa_deactivate_totp"))
    assert client.get(HOME).url == reverse("mfa_index")


def test_everybody_else_may_do_without(signed_in: Any) -> None:
    assert signed_in(person(ADA)).get(HOME).status_code == 200


def test_only_the_demo_lets_operators_do_without(settings: Any) -> None:
    operator = person(OLIVIA, operator=True, factor=False)
    assert rules.must_set_one_up(operator)
    settings.DEMO = True
    assert not rules.must_set_one_up(operator)
