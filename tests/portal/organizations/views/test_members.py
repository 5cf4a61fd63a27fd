"""Members and invitations on their screen."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from portal.accounts.models import User
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation, Membership, Organization

pytestmark = pytest.mark.django_db


def address(organization: Organization, name: str = "members", *args: object) -> str:
    return reverse(name, args=[organization.slug, *args])


def test_inviting_shows_operators_the_link_once_and_mails_it(
    cedar: Organization, operator: User, signed_in, django_capture_on_commit_callbacks
) -> None:
    client = signed_in(operator)
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(address(cedar), {"email": "ada@cedar.example", "role": "viewer"})
    link = re.search(r'value="(http://localhost:8000/invitations/[^"]+)"', page.content.decode()).group(1)
    assert link in mail.outbox[0].body
    assert "no-store" in page["Cache-Control"]
    assert link not in client.get(address(cedar)).content.decode()
    assert link.split("/")[4] not in str(dict(client.session.items()))


def test_an_organizations_own_admin_does_not_see_the_link_since_it_proves_the_address(
    cedar: Organization, join, signed_in, django_capture_on_commit_callbacks
) -> None:
    client = signed_in(join(cedar, "admin"))
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(address(cedar), {"email": "vera@elsewhere.example", "role": "officer"})
        row = Invitation.objects.get()
        again = client.post(address(cedar, "resend_invitation", row.pk))
    for shown in (page, again):
        text = shown.content.decode()
        assert "/invitations/" not in re.sub(r'action="[^"]*"', "", text)
        assert "vera@elsewhere.example" in text
    links = {
        re.search(r"http://localhost:8000(/invitations/\S+)", sent.body).group(1) for sent in mail.outbox
    }
    assert len(links) == 2
    assert not any(link in shown.content.decode() for link in links for shown in (page, again))


def test_inviting_twice_is_refused_with_a_sentence(cedar: Organization, operator: User, signed_in) -> None:
    client = signed_in(operator)
    for _ in range(2):
        page = client.post(address(cedar), {"email": "ada@cedar.example", "role": "viewer"})
    assert "already has an open invitation" in page.content.decode()
    assert Invitation.objects.count() == 1


def test_resending_shows_a_new_link(cedar: Organization, operator: User, signed_in) -> None:
    invitation, old = invitations.invite(
        organization=cedar, email="ada@cedar.example", role="admin", actor=operator
    )
    page = signed_in(operator).post(address(cedar, "resend_invitation", invitation.pk))
    text = page.content.decode()
    assert "http://localhost:8000/invitations/" in text and old not in text


def test_withdrawing_takes_it_off_the_list(cedar: Organization, operator: User, signed_in) -> None:
    invitation, _ = invitations.invite(
        organization=cedar, email="ada@cedar.example", role="admin", actor=operator
    )
    client = signed_in(operator)
    page = client.post(address(cedar, "withdraw_invitation", invitation.pk), follow=True)
    assert "Withdrawn" in page.content.decode()
    assert "ada@cedar.example" not in page.content.decode()


def test_a_removed_member_loses_access_with_the_next_click(
    cedar: Organization, operator: User, join, signed_in
) -> None:
    viewer = join(cedar, "viewer")
    client = signed_in(viewer)
    assert client.get(address(cedar, "organization")).status_code == 200
    row = Membership.objects.get(user=viewer)
    signed_in(operator).post(address(cedar, "remove_member", row.pk))
    assert client.get(address(cedar, "organization")).status_code == 404
    assert "Cedar" not in client.get(reverse("choose_organization")).content.decode()


def test_a_changed_role_holds_in_open_sessions(cedar: Organization, operator: User, join, signed_in) -> None:
    viewer = join(cedar, "viewer")
    client = signed_in(viewer)
    assert client.get(address(cedar)).status_code == 404
    row = Membership.objects.get(user=viewer)
    signed_in(operator).post(address(cedar, "change_role", row.pk), {"role": "admin"})
    assert client.get(address(cedar)).status_code == 200


def test_the_last_admin_is_told_why_nothing_can_be_changed(cedar: Organization, join, signed_in) -> None:
    admin = join(cedar, "admin")
    client = signed_in(admin)
    assert "Only admin" in client.get(address(cedar)).content.decode()
    row = Membership.objects.get(user=admin)
    page = client.post(address(cedar, "remove_member", row.pk), follow=True)
    assert "only admin" in page.content.decode()
    assert cedar.role_of(admin) == "admin"


def test_an_admin_who_removes_themselves_is_led_home(cedar: Organization, join, signed_in) -> None:
    admin = join(cedar, "admin")
    join(cedar, "admin")
    row = Membership.objects.get(user=admin)
    assert signed_in(admin).post(address(cedar, "remove_member", row.pk)).url == reverse("home")


def test_rows_of_another_organization_do_not_exist_here(
    cedar: Organization, harbor: Organization, operator: User, join, signed_in
) -> None:
    theirs = Membership.objects.get(user=join(harbor, "viewer"))
    invitation, _ = invitations.invite(
        organization=harbor, email="ada@harbor.example", role="admin", actor=operator
    )
    client = signed_in(join(cedar, "admin"))
    for name, pk in (
        ("change_role", theirs.pk),
        ("remove_member", theirs.pk),
        ("resend_invitation", invitation.pk),
        ("withdraw_invitation", invitation.pk),
    ):
        assert client.post(address(cedar, name, pk), {"role": "admin"}).status_code == 404
    theirs.refresh_from_db(), invitation.refresh_from_db()
    assert theirs.role == "viewer" and invitation.withdrawn_at is None


def test_sending_invitations_is_limited(cedar: Organization, operator: User, signed_in) -> None:
    client = signed_in(operator)
    statuses = [
        client.post(address(cedar), {"email": f"p{number}@cedar.example", "role": "viewer"}).status_code
        for number in range(31)
    ]
    assert statuses == [200] * 30 + [429]


def test_changing_anything_needs_a_post(cedar: Organization, operator: User, join, signed_in) -> None:
    row = Membership.objects.get(user=join(cedar, "viewer"))
    client = signed_in(operator)
    for name in ("change_role", "remove_member"):
        assert client.get(address(cedar, name, row.pk)).status_code == 405
