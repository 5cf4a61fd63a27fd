"""Invitations: one use, seven days, one address."""

import datetime as dt
import threading
from smtplib import SMTPServerDisconnected

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation, Membership, Organization
from tests.portal.people import person

pytestmark = pytest.mark.django_db
ADA = "ada@cedar.example"
WEEK = 7 * 24 * 3600


def token_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def invite(
    organization: Organization, actor: User, email: str = ADA, role: str = "admin"
) -> tuple[Invitation, str]:
    return invitations.invite(organization=organization, email=email, role=role, actor=actor)


def test_the_link_is_long_and_only_its_hash_is_stored(cedar: Organization, operator: User) -> None:
    invitation, link = invite(cedar, operator)
    token = token_of(link)
    assert len(token) >= 43
    stored = [str(value) for value in Invitation.objects.filter(pk=invitation.pk).values_list()[0]]
    assert token not in " ".join(stored)
    assert invitations.find(token) == invitation


@pytest.mark.parametrize("email", ["olivia@partner.example", "OLIVIA@Partner.example "])
def test_a_customer_cannot_find_out_that_an_address_is_an_operators(
    cedar: Organization, operator: User, join, django_capture_on_commit_callbacks, email: str
) -> None:
    admin = join(cedar, "admin")
    with django_capture_on_commit_callbacks(execute=True):
        rows = [invite(cedar, admin, address)[0] for address in (email, "nobody@partner.example")]
    assert len({row.state_at(clock.now()) for row in rows}) == 1 and len(mail.outbox) == 2
    with pytest.raises(Refused, match="without being members"):
        invitations.accept(invitation=rows[0], user=operator)
    assert not Membership.objects.filter(user=operator).exists()
    invitations.withdraw(invitation=rows[0], actor=admin)
    with pytest.raises(Refused, match="belongs to an operator"):
        invite(cedar, operator, email)


def test_no_two_links_are_alike(cedar: Organization, operator: User) -> None:
    links = {invite(cedar, operator, f"person{number}@cedar.example")[1] for number in range(20)}
    assert len(links) == 20


def test_the_mail_is_sent_on_commit_and_says_who_invites_to_what(
    cedar: Organization, operator: User, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        invitation, link = invite(cedar, operator, email=" Ada@Cedar.example ")
        assert not mail.outbox
    (sent,) = mail.outbox
    assert sent.to == [ADA]
    assert all(words in sent.body for words in (link, "Olivia", "Cedar Home Lending", "approve", "7 days"))
    invitation.refresh_from_db()
    assert invitation.mailed_at is not None


def test_a_mail_server_that_refuses_does_not_lose_the_invitation(
    cedar: Organization, operator: User, django_capture_on_commit_callbacks, monkeypatch, caplog
) -> None:
    def refuse(*args: object) -> int:
        raise SMTPServerDisconnected(f"no mail for {ADA}")

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        invitation, link = invite(cedar, operator)
    invitation.refresh_from_db()
    assert invitation.mailed_at is None
    assert "SMTPServerDisconnected" in caplog.text
    assert ADA not in caplog.text and token_of(link) not in caplog.text


def test_accepting_makes_a_member_once(cedar: Organization, operator: User) -> None:
    invitation, _ = invite(cedar, operator, role="editor")
    ada = person(ADA)
    assert invitations.accept(invitation=invitation, user=ada).role == "editor"
    with pytest.raises(Refused, match="was already used"):
        invitations.accept(invitation=invitation, user=ada)
    assert Membership.objects.filter(organization=cedar).count() == 1


def test_only_the_invited_address_may_accept(cedar: Organization, operator: User) -> None:
    invitation, _ = invite(cedar, operator)
    with pytest.raises(Refused, match="another email address"):
        invitations.accept(invitation=invitation, user=person("eve@cedar.example"))
    assert not cedar.memberships.exists()


def test_the_case_of_an_address_does_not_matter(cedar: Organization, operator: User) -> None:
    invitation, _ = invite(cedar, operator)
    ada = User.objects.create(email="Ada@Cedar.example")
    assert invitations.accept(invitation=invitation, user=ada).user == ada


def test_an_invitation_expires_after_seven_days(cedar: Organization, operator: User) -> None:
    invitation, _ = invite(cedar, operator)
    clock.advance(WEEK - 60)
    assert invitation.state_at(clock.now()) == "open"
    clock.advance(61)
    assert invitation.state_at(clock.now()) == "expired"
    with pytest.raises(Refused, match="expired"):
        invitations.accept(invitation=invitation, user=person(ADA))


def test_resending_makes_a_new_link_and_kills_the_old_one(cedar: Organization, operator: User) -> None:
    invitation, old = invite(cedar, operator)
    clock.advance(WEEK + 1)
    again, new = invitations.resend(invitation=invitation, actor=operator)
    assert invitations.find(token_of(old)) is None
    assert invitations.find(token_of(new)) == invitation
    assert again.expires_at - clock.now() > dt.timedelta(days=6)


def test_a_withdrawn_invitation_cannot_be_accepted_or_resent(cedar: Organization, operator: User) -> None:
    invitation, _ = invite(cedar, operator)
    invitations.withdraw(invitation=invitation, actor=operator)
    with pytest.raises(Refused, match="withdrawn"):
        invitations.accept(invitation=invitation, user=person(ADA))
    with pytest.raises(Refused):
        invitations.resend(invitation=invitation, actor=operator)


def test_an_accepted_invitation_cannot_be_withdrawn_or_resent(cedar: Organization, operator: User) -> None:
    invitation, _ = invite(cedar, operator)
    invitations.accept(invitation=invitation, user=person(ADA))
    for verb in (invitations.withdraw, invitations.resend):
        with pytest.raises(Refused, match="accepted"):
            verb(invitation=invitation, actor=operator)


def test_an_address_has_one_open_invitation_in_an_organization(
    cedar: Organization, harbor: Organization, operator: User
) -> None:
    invite(cedar, operator)
    with pytest.raises(Refused, match="open invitation"):
        invite(cedar, operator, email=ADA.upper())
    invite(harbor, operator)
    assert Invitation.objects.count() == 2


def test_an_expired_invitation_does_not_stand_in_the_way_of_a_new_one(
    cedar: Organization, operator: User
) -> None:
    first, _ = invite(cedar, operator)
    clock.advance(WEEK + 1)
    second, _ = invite(cedar, operator)
    first.refresh_from_db()
    assert first.state_at(clock.now()) == "withdrawn"
    assert second.is_open(clock.now())


@pytest.mark.parametrize(
    "email", ['"a\x0bb"@cedar.example', '"a\x0cBcc:c@evil.example"@cedar.example', "ada at cedar"]
)
def test_no_invitation_is_sent_to_text_that_a_mail_header_cannot_contain(
    cedar: Organization, operator: User, email: str
) -> None:
    with pytest.raises(Refused, match="valid email"):
        invite(cedar, operator, email=email)
    assert not cedar.invitations.exists()


def test_members_and_operators_are_not_invited(cedar: Organization, operator: User, join) -> None:
    with pytest.raises(Refused, match="Viewer"):
        invite(cedar, operator, email=join(cedar, "viewer").email)
    with pytest.raises(Refused, match="operator"):
        invite(cedar, operator, email=operator.email)


@pytest.mark.parametrize("role", ["operator", "", "owner"])
def test_nobody_is_invited_as_anything_but_the_four_roles(
    cedar: Organization, operator: User, role: str
) -> None:
    with pytest.raises(Refused):
        invite(cedar, operator, role=role)


def test_an_officer_gets_an_account_that_no_password_opens(cedar: Organization, operator: User) -> None:
    invitation, _ = invite(cedar, operator, role="officer")
    user = invitations.accept_without_password(invitation=invitation)
    assert not user.has_usable_password()
    assert EmailAddress.objects.get(user=user).verified
    assert cedar.role_of(user) == "officer"


def test_no_account_is_left_behind_when_accepting_fails(cedar: Organization, operator: User) -> None:
    invitation, _ = invite(cedar, operator, role="officer")
    invitations.withdraw(invitation=invitation, actor=operator)
    with pytest.raises(Refused):
        invitations.accept_without_password(invitation=invitation)
    assert not User.objects.filter(email=ADA).exists()


def test_an_existing_account_is_never_entered_without_a_sign_in(cedar: Organization, operator: User) -> None:
    person(ADA)
    invitation, _ = invite(cedar, operator, role="officer")
    with pytest.raises(Refused, match="Sign in"):
        invitations.accept_without_password(invitation=invitation)
    assert invitation.is_open(clock.now())


def test_only_officers_join_without_a_password(cedar: Organization, operator: User) -> None:
    invitation, _ = invite(cedar, operator, role="viewer")
    with pytest.raises(Refused):
        invitations.accept_without_password(invitation=invitation)


def test_the_record_tells_what_happened_without_an_address(cedar: Organization, operator: User) -> None:
    invitation, link = invite(cedar, operator)
    invitation, _ = invitations.resend(invitation=invitation, actor=operator)
    invitations.accept(invitation=invitation, user=person(ADA))
    entries = Entry.objects.filter(action__startswith="invitation.").order_by("pk")
    assert [entry.action for entry in entries] == [
        "invitation.sent",
        "invitation.resent",
        "invitation.accepted",
    ]
    told = " ".join(f"{entry.detail} {entry.object_id}" for entry in entries)
    assert "ada" not in told and token_of(link) not in told


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_once_it_is_used_once(cedar: Organization, operator: User) -> None:
    invitation, _ = invite(cedar, operator, role="officer")
    start, outcomes = threading.Barrier(4), []

    def press() -> None:
        start.wait()
        try:
            invitations.accept_without_password(invitation=invitation)
            outcomes.append("joined")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["joined", "refused", "refused", "refused"]
    assert User.objects.filter(email=ADA).count() == cedar.memberships.count() == 1


@pytest.mark.parametrize("again", ["resend", "invite anew"])
def test_one_organization_mails_an_address_a_few_times_a_day(
    cedar: Organization, harbor: Organization, operator: User, again: str
) -> None:
    invitation, _ = invite(cedar, operator)
    for _ in range(invitations.MOST_FROM_ORGANIZATION - 1):
        if again == "resend":
            invitations.resend(invitation=invitation, actor=operator)
        else:
            invitations.withdraw(invitation=invitation, actor=operator)
            invitation, _ = invite(cedar, operator)
    sent = Entry.objects.count()
    with pytest.raises(Refused, match="Try again tomorrow"):
        invitations.resend(invitation=invitation, actor=operator)
    assert Entry.objects.count() == sent
    assert invite(harbor, operator), "another organization may still invite the same person"
    clock.advance(86400)
    assert invitations.resend(invitation=invitation, actor=operator)


def test_a_member_sends_a_limited_number_of_invitations_a_day(
    cedar: Organization, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MOST_BY_MEMBER", 3)
    admin = person("admin@cedar.example")
    for number in range(3):
        invite(cedar, admin, f"person{number}@cedar.example")
    with pytest.raises(Refused, match="one person or organization can"):
        invite(cedar, admin, "one-more@cedar.example")
    assert Invitation.objects.count() == 3
    assert invite(cedar, operator, "one-more@cedar.example")
