"""The invitation's page and the ways on from it."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.core import clock
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation, Organization
from tests.portal.people import PASSWORD, person

pytestmark = pytest.mark.django_db
ADA = "ada@cedar.example"


@pytest.fixture
def invited(cedar: Organization, operator: User):
    """``invited(role)``: the path of an invitation's page, and the invitation."""

    def make(
        role: str = "admin", email: str = ADA, organization: Organization = cedar
    ) -> tuple[str, Invitation]:
        invitation, link = invitations.invite(
            organization=organization, email=email, role=role, actor=operator
        )
        return link.removeprefix("http://localhost:8000"), invitation

    return make


def accept(client: Client, path: str, **options: bool):
    return client.post(path, {"action": "accept"}, **options)


def is_open(invitation: Invitation) -> bool:
    invitation.refresh_from_db()
    return invitation.is_open(clock.now())


def test_the_page_says_who_invites_to_what_and_as_what(client: Client, invited) -> None:
    path, _ = invited("editor")
    page = client.get(path)
    text = page.content.decode()
    assert page.status_code == 200
    assert all(words in text for words in ("Olivia", "Cedar Home Lending", "Editor", ADA, "Accept"))
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize(
    "mark", ["\u200b", "\u200e", "\u202c", "\u00ad", "\ufeff", "\u2066", "\x07", "\u00a0"]
)
def test_an_invitation_to_a_pasted_address_goes_to_the_address_one_can_type(
    cedar: Organization, operator: User, signed_in, mark: str, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        page = signed_in(operator).post(
            reverse("members", args=[cedar.slug]), {"email": f"{ADA}{mark}", "role": "officer"}
        )
    assert page.status_code in (200, 302)
    assert Invitation.objects.get().email == ADA
    assert mail.outbox[-1].to == [ADA]


def test_opening_the_link_uses_nothing_up(client: Client, invited) -> None:
    path, invitation = invited()
    for _ in range(3):
        client.get(path)
        client.head(path)
    assert is_open(invitation)
    assert invitation.opened_at is not None
    assert not User.objects.filter(email=ADA).exists()


def test_someone_else_looking_at_it_does_not_count_as_opened(operator: User, invited, signed_in) -> None:
    path, invitation = invited()
    for other in (operator, person("ben@elsewhere.example")):
        signed_in(other).get(path)
    invitation.refresh_from_db()
    assert invitation.opened_at is None


def test_accepting_needs_the_token_against_forged_requests(invited) -> None:
    path, invitation = invited("officer")
    assert accept(Client(enforce_csrf_checks=True), path).status_code == 403
    assert is_open(invitation)


def test_an_admin_signs_up_with_the_invited_address_and_lands_on_connect(
    client: Client, invited, cedar
) -> None:
    path, invitation = invited()
    assert accept(client, path).url == reverse("account_signup")
    page = client.get(reverse("account_signup"))
    assert ADA in page.content.decode()
    done = client.post(reverse("account_signup"), {"name": "Ada Byron", "password1": PASSWORD})
    assert done.url == reverse("connect", args=[cedar.slug])
    ada = User.objects.get(email=ADA)
    assert (ada.name, cedar.role_of(ada)) == ("Ada Byron", "admin")
    assert EmailAddress.objects.get(user=ada).verified
    assert not is_open(invitation)
    assert client.get(reverse("home")).context["request"].user == ada


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_editors_and_viewers_land_on_home(client: Client, invited, role: str) -> None:
    path, _ = invited(role)
    accept(client, path)
    done = client.post(reverse("account_signup"), {"name": "Ada", "password1": PASSWORD})
    assert done.url == reverse("home")


def test_the_browser_cannot_change_the_address_at_sign_up(client: Client, invited) -> None:
    path, _ = invited()
    accept(client, path)
    signup = reverse("account_signup") + "?email=eve@evil.example"
    assert "eve@evil.example" not in client.get(signup).content.decode()
    client.post(signup, {"email": "eve@evil.example", "name": "Eve", "password1": PASSWORD})
    assert User.objects.filter(email=ADA).exists()
    assert not User.objects.filter(email__contains="evil").exists()


def test_pressing_accept_and_leaving_uses_nothing_up(client: Client, invited) -> None:
    path, invitation = invited()
    accept(client, path)
    assert is_open(invitation)
    assert accept(Client(), path).url == reverse("account_signup")


def test_a_weak_password_is_explained_and_nothing_is_made(client: Client, invited) -> None:
    path, invitation = invited()
    accept(client, path)
    page = client.post(reverse("account_signup"), {"name": "Ada", "password1": "password"})
    assert page.status_code == 200
    assert "too short" in page.content.decode()
    assert is_open(invitation)
    assert not User.objects.filter(email=ADA).exists()


def test_an_invitation_withdrawn_during_sign_up_makes_no_account(
    client: Client, invited, operator: User
) -> None:
    path, invitation = invited()
    accept(client, path)
    invitations.withdraw(invitation=invitation, actor=operator)
    page = client.post(reverse("account_signup"), {"name": "Ada", "password1": PASSWORD}, follow=True)
    assert "withdrawn" in page.content.decode()
    assert not User.objects.filter(email=ADA).exists()


def test_a_link_replaced_during_sign_up_is_dead_there_too(client: Client, invited, operator: User) -> None:
    path, invitation = invited()
    accept(client, path)
    invitations.resend(invitation=invitation, actor=operator)
    page = client.get(reverse("account_signup"))
    assert "You need an invitation" in page.content.decode()
    client.post(reverse("account_signup"), {"name": "Ada", "password1": PASSWORD})
    assert not User.objects.filter(email=ADA).exists()


def test_two_browsers_with_one_link_make_one_account(invited, cedar) -> None:
    path, _ = invited()
    first, second = Client(), Client()
    accept(first, path), accept(second, path)
    first.post(reverse("account_signup"), {"name": "Ada", "password1": PASSWORD})
    late = second.post(reverse("account_signup"), {"name": "Eve", "password1": PASSWORD}, follow=True)
    assert "was already used" in late.content.decode()
    assert [user.name for user in User.objects.filter(email=ADA)] == ["Ada"]
    assert cedar.memberships.count() == 1


def test_an_officer_is_signed_in_by_accepting_and_needs_no_password(client: Client, invited, cedar) -> None:
    path, invitation = invited("officer")
    done = accept(client, path)
    assert done.url == reverse("connect", args=[cedar.slug])
    user = User.objects.get(email=ADA)
    assert not user.has_usable_password()
    assert not is_open(invitation)
    assert client.get(reverse("home")).context["request"].user == user


def test_an_officer_comes_back_by_a_code(client: Client, invited) -> None:
    path, _ = invited("officer")
    accept(client, path)
    again = Client()
    again.post(reverse("account_request_login_code"), {"email": ADA})
    code = re.search(r"sign-in code:\s+(\S+)", mail.outbox[-1].body).group(1)
    done = again.post(reverse("account_confirm_login_code"), {"code": code})
    assert done.url == reverse("home")
    assert again.get(reverse("home")).context["request"].user.email == ADA


def test_whoever_has_an_account_signs_in_and_has_then_accepted(client: Client, invited, cedar) -> None:
    ada = person(ADA)
    path, _ = invited("viewer")
    assert accept(client, path).url == reverse("account_login")
    assert cedar.role_of(ada) is None
    assert ADA in client.get(reverse("account_login")).content.decode()
    done = client.post(reverse("account_login"), {"login": ADA, "password": PASSWORD})
    assert done.url == reverse("home")
    assert cedar.role_of(ada) == "viewer"


def test_an_account_without_a_password_is_led_to_a_code(
    client: Client, invited, harbor: Organization
) -> None:
    ada = person(ADA, password=None)
    path, _ = invited("officer", organization=harbor)
    assert accept(client, path).url == reverse("account_request_login_code")
    client.post(reverse("account_request_login_code"), {"email": ADA})
    code = re.search(r"sign-in code:\s+(\S+)", mail.outbox[-1].body).group(1)
    done = client.post(reverse("account_confirm_login_code"), {"code": code})
    assert done.url == reverse("connect", args=[harbor.slug])
    assert harbor.role_of(ada) == "officer"


def test_signing_in_as_somebody_else_after_accepting_accepts_nothing(client: Client, invited, cedar) -> None:
    person(ADA)
    eve = person("eve@cedar.example")
    path, invitation = invited()
    accept(client, path)
    page = client.post(reverse("account_login"), {"login": eve.email, "password": PASSWORD}, follow=True)
    assert "another email address" in page.content.decode()
    assert is_open(invitation)
    assert cedar.role_of(eve) is None


def test_whoever_is_signed_in_with_the_address_accepts_with_one_press(invited, cedar, signed_in) -> None:
    ada = person(ADA)
    path, _ = invited()
    assert accept(signed_in(ada), path).url == reverse("connect", args=[cedar.slug])
    assert cedar.role_of(ada) == "admin"


def test_signed_in_as_somebody_else_one_may_sign_out_and_continue(invited, cedar, signed_in) -> None:
    eve = person("eve@cedar.example")
    path, invitation = invited()
    client = signed_in(eve)
    text = client.get(path).content.decode()
    assert "Sign out and continue" in text and "eve@cedar.example" in text
    assert accept(client, path).status_code == 200
    assert is_open(invitation) and cedar.role_of(eve) is None
    assert client.post(path, {"action": "sign_out"}).url == path
    assert "_auth_user_id" not in client.session
    assert "Accept" in client.get(path).content.decode()


@pytest.mark.parametrize(
    ("become", "status", "words"),
    [
        ("unknown", 404, "received a newer invitation"),
        ("expired", 410, "expired"),
        ("withdrawn", 410, "withdrawn"),
        ("accepted", 410, "was already used"),
    ],
)
def test_a_dead_link_says_what_to_do_and_does_nothing(
    client: Client, invited, operator: User, become: str, status: int, words: str
) -> None:
    path, invitation = invited("officer")
    if become == "unknown":
        path = "/invitations/never-was/"
    elif become == "expired":
        clock.advance(8 * 24 * 3600)
    elif become == "withdrawn":
        invitations.withdraw(invitation=invitation, actor=operator)
    else:
        invitations.accept(invitation=invitation, user=person(ADA))
    before = User.objects.count()
    for page in (client.get(path), accept(client, path)):
        assert page.status_code == status
        assert words in page.content.decode()
        assert "Sign in" in page.content.decode()
    assert User.objects.count() == before


def test_the_session_keeps_no_link(client: Client, invited) -> None:
    path, _ = invited()
    client.get(path)
    accept(client, path)
    token = path.split("/")[2]
    assert token not in str(dict(client.session.items()))


def test_trying_links_is_limited_by_address(client: Client) -> None:
    statuses = [client.get(f"/invitations/guess-{number}/").status_code for number in range(61)]
    assert statuses == [404] * 60 + [429]


def test_the_client_address_behind_a_proxy_is_the_one_the_proxy_vouches_for(client: Client, settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(60):
        client.get("/invitations/guess/", headers={"x-forwarded-for": f"10.0.0.{number}, 203.0.113.7"})
    same = client.get("/invitations/guess/", headers={"x-forwarded-for": "10.9.9.9, 203.0.113.7"})
    other = client.get("/invitations/guess/", headers={"x-forwarded-for": "10.9.9.9, 203.0.113.8"})
    assert (same.status_code, other.status_code) == (429, 404)


def test_joining_a_further_organization_ends_the_accounts_other_sessions(
    cedar: Organization, harbor: Organization, join, operator: User
) -> None:
    user = join(cedar, "viewer")
    elsewhere, here = Client(), Client()
    for client in (elsewhere, here):
        client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
        assert client.get(reverse("account")).status_code == 200
    _, link = invitations.invite(organization=harbor, email=user.email, role="viewer", actor=operator)
    here.post(link.removeprefix("http://localhost:8000"), {"action": "accept"})
    assert user.memberships.count() == 2
    assert here.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account")).status_code == 302
