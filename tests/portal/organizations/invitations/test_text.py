"""An invitation says in its first sentences who asks whom for access to what."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from portal.accounts.models import User
from portal.organizations.invitations import invitations, text
from portal.organizations.models import Organization
from portal.organizations.roles import Role
from tests.portal.conftest import Join, SignedIn


@pytest.fixture(autouse=True)
def acme(settings: Any) -> None:
    settings.PARTNER_NAME, settings.PRODUCT_NAME = "Acme Software", "Acme Connect"


def said(organization: Organization, role: Role, asker: User | None) -> str:
    return " ".join(text.describe(organization=organization, role=role, asker=asker).sentences)


REQUEST = (
    "Acme Software would like to connect to Cedar Home Lending's Total Expert account. "
    "Olivia of Acme Software asks you to approve the connection."
)


def test_an_admin_is_asked_for_access_to_the_organizations_account(
    cedar: Organization, operator: User
) -> None:
    assert said(cedar, Role.ADMIN, operator).startswith(REQUEST)


def test_an_officer_is_asked_for_access_to_their_own_account(cedar: Organization, join: Join) -> None:
    admin = join(cedar, "admin", "ben@cedar.example")
    assert said(cedar, Role.OFFICER, admin).startswith(
        "Acme Software would like to connect to your Total Expert account at Cedar Home Lending. "
        "Ben of Cedar Home Lending asks you to approve the connection."
    )


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_others_are_told_what_they_get(cedar: Organization, operator: User, role: Role) -> None:
    assert said(cedar, role, operator) == (
        "Olivia of Acme Software invites you to view Cedar Home Lending's Total Expert contacts in Acme Connect."
    )


def test_without_a_name_of_the_partner_the_sentences_are_still_true(
    cedar: Organization, operator: User, settings: Any
) -> None:
    settings.PARTNER_NAME = ""
    assert said(cedar, Role.ADMIN, operator).startswith(
        "Your software partner would like to connect to Cedar Home Lending's Total Expert account. "
        "Olivia asks you to approve the connection."
    )
    assert "Your software partner asks you to approve the connection." in said(cedar, Role.ADMIN, None)


def test_a_name_that_ends_in_s_gets_an_apostrophe_only() -> None:
    assert text.possessive("Harbor Lenders") == "Harbor Lenders'"
    assert text.possessive("Cedar") == "Cedar's"


def text_of(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).replace("&#x27;", "'").split())


def test_mail_invitation_page_and_consent_page_say_the_same(
    cedar: Organization, operator: User, signed_in: SignedIn, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        invitation, link = invitations.invite(
            organization=cedar, email="ada@cedar.example", role="admin", actor=operator
        )
    [message] = mail.outbox
    assert REQUEST in " ".join(message.body.split())
    assert message.subject == "Acme Software asks to connect to Cedar Home Lending's Total Expert account"
    page = Client().get(link.removeprefix("http://localhost:8000"))
    assert REQUEST in text_of(page.content)
    ada = User.objects.create_user("ada@cedar.example", name="Ada")
    invitations.accept(invitation=invitation, user=ada)
    assert REQUEST in text_of(signed_in(ada).get(f"/organizations/{cedar.slug}/connect/").content)
