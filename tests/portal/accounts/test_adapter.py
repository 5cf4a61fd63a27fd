"""Signing in, without revealing who has an account, and signing up by invitation only."""

import html
import re
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, reverse

from portal.accounts.models import User
from tests.portal.people import PASSWORD, person

pytestmark = pytest.mark.django_db
ADA, NOBODY = "ada@cedar.example", "nobody@cedar.example"


def shown(page, email: str) -> str:
    """Return the text of a page without the address that was entered and without CSRF tokens."""
    text = page.content.decode().replace(email, "ADDRESS")
    return re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', r"\1", text)


def test_sign_up_is_closed_without_an_invitation(client: Client) -> None:
    signup = reverse("account_signup")
    assert "You need an invitation" in client.get(signup).content.decode()
    client.post(signup, {"email": NOBODY, "name": "Nobody", "password1": PASSWORD})
    assert not User.objects.exists()


def test_a_password_signs_in_and_no_message_contains_personal_data(client: Client) -> None:
    person(ADA)
    page = client.post(reverse("account_login"), {"login": ADA.upper(), "password": PASSWORD})
    assert page.url == reverse("home")
    assert "messages" not in client.cookies or ADA not in client.cookies["messages"].value


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer() -> None:
    person(ADA)
    pages = [
        shown(Client().post(reverse("account_login"), {"login": email, "password": "wrong"}), email)
        for email in (ADA, NOBODY)
    ]
    assert pages[0] == pages[1]
    assert "Incorrect email or password" in pages[0]


def test_requesting_a_code_does_not_reveal_who_has_an_account() -> None:
    person(ADA)
    pages = [
        shown(Client().post(reverse("account_request_login_code"), {"email": email}, follow=True), email)
        for email in (ADA, NOBODY)
    ]
    assert pages[0] == pages[1]
    assert [sent.to for sent in mail.outbox] == [[ADA], [NOBODY]]
    assert "it has no account" in mail.outbox[1].body


def test_requesting_a_password_reset_does_not_reveal_who_has_an_account() -> None:
    person(ADA)
    pages = [
        shown(Client().post(reverse("account_reset_password"), {"email": email}, follow=True), email)
        for email in (ADA, NOBODY)
    ]
    assert pages[0] == pages[1]
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("mark", ["\u200b", "\u200e", "\u00ad", "\ufeff", "\u2069", "\x00"])
def test_what_a_paste_adds_to_an_address_matters_nowhere(mark: str) -> None:
    user, pasted = person(ADA), f"{mark}{ADA}{mark}"
    signed_in = Client()
    signed_in.post(reverse("account_login"), {"login": pasted, "password": PASSWORD})
    assert signed_in.session["_auth_user_id"] == str(user.pk)
    mail.outbox.clear()
    Client().post(reverse("account_request_login_code"), {"email": pasted})
    Client().post(reverse("account_reset_password"), {"email": pasted})
    assert [sent.to for sent in mail.outbox] == [[ADA], [ADA]]
    assert all("no account" not in sent.body for sent in mail.outbox)


@pytest.mark.parametrize(
    "address", ["jürgen@cedar.example", "ada@cedar", '"a b"@cedar.example', "a\u2028b@x.example"]
)
def test_an_address_that_cannot_be_mailed_is_an_error_in_the_form(address: str) -> None:
    for name, field in (
        ("account_login", "login"),
        ("account_request_login_code", "email"),
        ("account_reset_password", "email"),
    ):
        page = Client().post(reverse(name), {field: address, "password": PASSWORD})
        assert page.status_code == 200
        assert page.context["form"].errors[field] == ["Enter a valid email address."]
    assert not mail.outbox


def test_the_link_of_a_password_reset_works_once(client: Client) -> None:
    user = person(ADA)
    client.post(reverse("account_reset_password"), {"email": ADA})
    link = re.search(r"http://\S+", mail.outbox[0].body).group(0)
    form = client.get(link, follow=True)
    new = "another-long-password"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    user.refresh_from_db()
    assert user.check_password(new)
    assert "This link is no longer valid" in Client().get(link, follow=True).content.decode()


def test_a_wrong_code_does_not_sign_in_and_after_three_none_does(client: Client) -> None:
    person(ADA)
    client.post(reverse("account_request_login_code"), {"email": ADA})
    confirm = reverse("account_confirm_login_code")
    assert "This code is incorrect" in client.post(confirm, {"code": "WRONG1"}).content.decode()
    client.post(confirm, {"code": "WRONG2"}), client.post(confirm, {"code": "WRONG3"})
    code = re.search(r"sign-in code:\s+(\S+)", mail.outbox[0].body).group(1)
    client.post(confirm, {"code": code})
    assert "_auth_user_id" not in client.session


def test_attempts_to_guess_a_password_are_limited(client: Client) -> None:
    person(ADA)
    for _ in range(5):
        client.post(reverse("account_login"), {"login": ADA, "password": "wrong"})
    page = client.post(reverse("account_login"), {"login": ADA, "password": PASSWORD})
    assert "Too many failed attempts" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_an_operator_created_on_the_command_line_confirms_the_address_first(client: Client) -> None:
    User.objects.create_superuser(ADA, PASSWORD)
    page = client.post(reverse("account_login"), {"login": ADA, "password": PASSWORD}, follow=True)
    assert "Check your email" in page.content.decode()
    link = re.search(r"http://\S+/accounts/confirm-email/\S+", mail.outbox[0].body).group(0)
    assert "Is <strong>" in client.get(link).content.decode()
    client.post(link)
    assert EmailAddress.objects.get().verified
    done = Client().post(reverse("account_login"), {"login": ADA, "password": PASSWORD}, follow=True)
    assert "Set up a second factor" in done.content.decode()


def test_a_deactivated_account_cannot_sign_in(client: Client) -> None:
    user = person(ADA)
    User.objects.filter(pk=user.pk).update(is_active=False)
    page = client.post(reverse("account_login"), {"login": ADA, "password": PASSWORD}, follow=True)
    assert "deactivated" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_deactivating_an_account_ends_its_sessions(signed_in) -> None:
    user = person(ADA)
    client = signed_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(reverse("account")).status_code == 302


def test_signing_out_takes_a_post(signed_in) -> None:
    client = signed_in(person(ADA))
    assert "Sign out" in client.get(reverse("account_logout")).content.decode()
    assert "_auth_user_id" in client.session
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session


def test_signing_in_redirects_only_within_the_portal() -> None:
    person(ADA)
    for target, expected in (("/account/", "/account/"), ("https://evil.example/", reverse("home"))):
        page = Client().post(
            f"{reverse('account_login')}?next={target}", {"login": ADA, "password": PASSWORD}
        )
        assert page.url == expected


@pytest.mark.parametrize("name", ["account_email", "mfa_trust", "usersessions_list"])
def test_allauths_pages_that_the_portal_does_not_use_have_no_url(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


PAGES = [
    "account_login",
    "account_request_login_code",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
]


@pytest.mark.parametrize("name", PAGES)
def test_every_sign_in_page_uses_the_portals_templates(client: Client, name: str) -> None:
    page = client.get(reverse(name))
    assert page.status_code == 200
    assert "site/plain.html" in [template.name for template in page.templates]
    assert page.content.decode().count("<h1>") == 1


@pytest.mark.parametrize("name", ["account_request_login_code", "account_reset_password"])
@pytest.mark.parametrize(
    "error", [SMTPRecipientsRefused({}), SMTPServerDisconnected(), ConnectionRefusedError()]
)
def test_a_mail_server_that_refuses_an_address_is_a_sentence(
    monkeypatch, name: str, error: Exception
) -> None:
    def refuse(self: object, *args: object) -> None:
        raise error

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    person(ADA)
    pages = [Client().post(reverse(name), {"email": email}) for email in (ADA, NOBODY)]
    assert [page.status_code for page in pages] == [503, 503]
    assert all("We couldn't send the email" in html.unescape(page.content.decode()) for page in pages)
