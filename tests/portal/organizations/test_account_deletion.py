"""Deleting one's own account."""

import time

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.organizations import signals
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation, Membership, Organization
from tests.portal.people import PASSWORD, person, with_app

pytestmark = pytest.mark.django_db
PAGE = "/account/delete/"


def sign_in(user: User) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def test_typing_the_address_deletes_the_account_and_ends_every_session(cedar: Organization, join) -> None:
    user = join(cedar, "viewer")
    here, there = sign_in(user), sign_in(user)
    page = here.post(PAGE, {"email": user.email.upper()}, follow=True)
    assert "Your account was deleted." in page.content.decode()
    assert not User.objects.filter(pk=user.pk).exists()
    assert not is_signed_in(here) and not is_signed_in(there)
    assert not UserSession.objects.exists() and not EmailAddress.objects.filter(email=user.email).exists()


def test_anything_else_deletes_nothing(cedar: Organization, join) -> None:
    user = join(cedar, "viewer")
    page = sign_in(user).post(PAGE, {"email": "somebody@else.example"})
    assert "Nothing was deleted" in page.content.decode()
    assert User.objects.filter(pk=user.pk).exists()


def test_memberships_end_as_when_an_admin_ends_them(cedar: Organization, harbor: Organization, join) -> None:
    user = join(cedar, "viewer")
    Membership.objects.create(user=user, organization=harbor, role="editor", created_at=cedar.created_at)
    left = []

    def note(sender: object, *, membership: Membership, actor: User, **_: object) -> None:
        left.append((membership.organization_id, actor.pk))

    signals.member_removed.connect(note)
    try:
        sign_in(user).post(PAGE, {"email": user.email})
    finally:
        signals.member_removed.disconnect(note)
    assert sorted(left) == [(cedar.pk, user.pk), (harbor.pk, user.pk)]


def test_the_audit_log_keeps_the_id_and_nothing_else(cedar: Organization, join) -> None:
    user = join(cedar, "viewer")
    pk, email = user.pk, user.email
    sign_in(user).post(PAGE, {"email": email})
    entry = Entry.objects.get(action="account.deleted")
    assert (entry.actor_id, entry.object_id) == (pk, str(pk))
    assert email not in str(list(Entry.objects.values()))


def test_the_address_goes_with_the_invitation_that_carried_it(cedar: Organization, join) -> None:
    user = join(cedar, "viewer")
    now = cedar.created_at
    Invitation.objects.create(
        organization=cedar,
        email=user.email,
        role="viewer",
        token_hash="x",
        created_at=now,
        sent_at=now,
        expires_at=now,
        accepted_at=now,
        accepted_by=user,
    )
    sign_in(user).post(PAGE, {"email": user.email})
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("became", ["open", "expired", "withdrawn"])
def test_no_invitation_keeps_the_address(
    cedar: Organization, harbor: Organization, join, operator: User, became: str
) -> None:
    user = join(cedar, "viewer", "Vera@cedar.example")
    invitation, _ = invitations.invite(
        organization=harbor, email="vera@CEDAR.example", role="viewer", actor=operator
    )
    other, _ = invitations.invite(
        organization=harbor, email="vera@harbor.example", role="viewer", actor=operator
    )
    if became == "expired":
        Invitation.objects.update(expires_at=cedar.created_at)
    if became == "withdrawn":
        invitations.withdraw(invitation=invitation, actor=operator)
    sign_in(user).post(PAGE, {"email": user.email})
    assert not User.objects.filter(pk=user.pk).exists()
    assert list(Invitation.objects.all()) == [other]
    ended = Entry.objects.filter(action="invitation.withdrawn", object_id=str(invitation.pk))
    assert [(entry.actor_id, entry.organization_id) for entry in ended] == {
        "open": [(user.pk, harbor.pk)],
        "expired": [],
        "withdrawn": [(operator.pk, harbor.pk)],
    }[became]


def test_the_last_admin_is_told_what_to_do_first(cedar: Organization, join) -> None:
    user = join(cedar, "admin")
    client = sign_in(user)
    for page in (client.get(PAGE), client.post(PAGE, {"email": user.email})):
        assert "last admin of Cedar Home Lending" in page.content.decode()
    assert User.objects.filter(pk=user.pk).exists()
    join(cedar, "admin")
    client.post(PAGE, {"email": user.email})
    assert not User.objects.filter(pk=user.pk).exists()


def test_a_refusal_takes_nothing_away(cedar: Organization, harbor: Organization, join) -> None:
    user = join(harbor, "admin")
    Membership.objects.create(user=user, organization=cedar, role="viewer", created_at=cedar.created_at)
    sign_in(user).post(PAGE, {"email": user.email})
    assert user.memberships.count() == 2


def test_the_only_operator_stays(db: None) -> None:
    operator = person("olivia@partner.example", operator=True, factor=False)
    client = sign_in(operator)
    with_app(operator)
    assert "only operator" in client.post(PAGE, {"email": operator.email}).content.decode()
    person("oscar@partner.example", operator=True)
    client.post(PAGE, {"email": operator.email})
    assert not User.objects.filter(pk=operator.pk).exists()


def test_somebody_who_signed_in_long_ago_confirms_the_password_first(
    cedar: Organization, join, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = join(cedar, "viewer")
    client = sign_in(user)
    later = time.time() + 301
    monkeypatch.setattr(time, "time", lambda: later)
    answer = client.post(PAGE, {"email": user.email})
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert User.objects.filter(pk=user.pk).exists()
    client.post(answer.url, {"password": PASSWORD}, follow=True)
    client.post(PAGE, {"email": user.email})
    assert not User.objects.filter(pk=user.pk).exists()


def test_somebody_without_any_means_to_confirm_signs_in_again_first(
    cedar: Organization, join, signed_in
) -> None:
    user = join(cedar, "officer")
    user.set_unusable_password()
    user.save()
    client = signed_in(user)
    answer = client.post(PAGE, {"email": user.email}, follow=True)
    assert "To continue, sign in again." in answer.content.decode()
    assert User.objects.filter(pk=user.pk).exists() and not is_signed_in(client)
    client.post(reverse("account_request_login_code"), {"email": user.email, "next": PAGE})
    code = next(line for line in mail.outbox[-1].body.splitlines() if line and " " not in line)
    assert client.post(reverse("account_confirm_login_code"), {"code": code, "next": PAGE}).url == PAGE
    client.post(PAGE, {"email": user.email})
    assert not User.objects.filter(pk=user.pk).exists()


def test_the_audit_log_still_shows_the_deletion(cedar: Organization, join, operator: User, signed_in) -> None:
    user = join(cedar, "viewer")
    sign_in(user).post(PAGE, {"email": user.email})
    for name in ("audit_log", "settings"):
        text = signed_in(operator).get(reverse(name)).content.decode()
        assert "Account deleted" in text and user.display_name not in text
