"""Operators without a second factor have to set one up before anything else."""

from typing import Any

import pytest
from django.urls import reverse

from portal.accounts.second_factors import rules
from tests.portal.accounts.second_factors.visitor import (
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
def test_an_operator_without_one_is_redirected_from_every_other_page(signed_in: Any, name: str) -> None:
    client = signed_in(person(OLIVIA, operator=True, factor=False))
    assert client.get(reverse(name)).url == reverse("mfa_index")
    assert client.post(reverse("new_organization"), {"name": "Sneaked in"}).url == reverse("mfa_index")


def test_a_request_of_htmx_redirects_the_whole_page(signed_in: Any) -> None:
    client = signed_in(person(OLIVIA, operator=True, factor=False))
    answer = client.get(reverse("jobs"), headers={"hx-request": "true"})
    assert answer.headers["HX-Redirect"] == reverse("mfa_index")


def test_an_operator_without_one_can_sign_out(signed_in: Any) -> None:
    client = signed_in(person(OLIVIA, operator=True, factor=False))
    assert "Set up a second factor" in client.get(reverse("mfa_index")).content.decode()
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


def test_recovery_codes_alone_are_no_second_factor(signed_in: Any) -> None:
    user = person(OLIVIA, operator=True, factor=False)
    with_recovery_codes(user)
    assert signed_in(user).get(HOME).url == reverse("mfa_index")


def test_setting_one_up_gives_access_and_removing_it_revokes_it() -> None:
    person(OLIVIA, operator=True, factor=False)
    client = by_password(OLIVIA)
    set_up_an_app(client)
    assert client.get(HOME).status_code == 200
    client.post(reverse("mfa_deactivate_totp"))
    assert client.get(HOME).url == reverse("mfa_index")


def test_others_do_not_need_one(signed_in: Any) -> None:
    assert signed_in(person(ADA)).get(HOME).status_code == 200


def test_operators_of_the_demo_do_not_need_one(settings: Any) -> None:
    operator = person(OLIVIA, operator=True, factor=False)
    assert rules.must_set_one_up(operator)
    settings.DEMO = True
    assert not rules.must_set_one_up(operator)
