"""A person's own account and sessions."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from portal.organizations.models import Organization
from tests.portal.people import PASSWORD, person

pytestmark = pytest.mark.django_db


def sign_in(email: str, user_agent: str = "Firefox/130 Windows") -> Client:
    client = Client(headers={"user-agent": user_agent})
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return bool(client.get(reverse("account")).status_code == 200)


def test_the_name_can_be_changed_but_not_the_email(cedar: Organization, join) -> None:
    user = join(cedar, "viewer", "ada@cedar.example")
    client = sign_in(user.email)
    client.post(reverse("account"), {"name": "Ada Byron", "email": "eve@evil.example"})
    user.refresh_from_db()
    assert (user.name, user.email) == ("Ada Byron", "ada@cedar.example")


def test_the_account_lists_ones_organizations(cedar: Organization, join) -> None:
    text = sign_in(join(cedar, "editor").email).get(reverse("account")).content.decode()
    assert "Cedar Home Lending" in text and "Editor" in text


def test_sessions_are_listed_by_browser_and_can_be_ended_one_by_one() -> None:
    person("ada@cedar.example")
    here, there = sign_in("ada@cedar.example"), sign_in("ada@cedar.example", "Chrome/129 Android")
    text = here.get(reverse("sessions")).content.decode()
    assert "Firefox on Windows" in text and "Chrome on Android" in text and "This browser" in text
    other = UserSession.objects.get(user_agent="Chrome/129 Android")
    here.post(reverse("end_session", args=[other.pk]))
    assert is_signed_in(here) and not is_signed_in(there)


def test_all_other_sessions_can_be_ended_at_once() -> None:
    person("ada@cedar.example")
    clients = [sign_in("ada@cedar.example") for _ in range(3)]
    clients[0].post(reverse("end_other_sessions"))
    assert [is_signed_in(client) for client in clients] == [True, False, False]


def test_the_session_of_another_person_cannot_be_ended() -> None:
    person("ada@cedar.example"), person("eve@cedar.example")
    ada, eve = sign_in("ada@cedar.example"), sign_in("eve@cedar.example")
    row = UserSession.objects.get(user__email="ada@cedar.example")
    assert eve.post(reverse("end_session", args=[row.pk])).status_code == 404
    assert is_signed_in(ada)


def test_changing_the_password_ends_the_other_sessions_and_sends_an_email(mailoutbox) -> None:
    person("ada@cedar.example")
    here, there = sign_in("ada@cedar.example"), sign_in("ada@cedar.example")
    new = "another-long-password"
    done = here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert done.url == reverse("account")
    assert is_signed_in(here) and not is_signed_in(there)
    assert "was changed" in mailoutbox[-1].body


def test_a_person_without_a_password_can_set_one_right_after_signing_in(mailoutbox, signed_in) -> None:
    user = person("ada@cedar.example", password=None)
    later = signed_in(user).get(reverse("account_set_password"))
    assert later.url.startswith(reverse("account_request_login_code"))
    client = Client()
    client.post(reverse("account_request_login_code"), {"email": user.email})
    code = next(line for line in mailoutbox[0].body.splitlines() if line and " " not in line)
    client.post(reverse("account_confirm_login_code"), {"code": code})
    assert reverse("account_set_password") in client.get(reverse("account")).content.decode()
    client.post(reverse("account_set_password"), {"password1": PASSWORD, "password2": PASSWORD})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_the_current_session_is_always_listed(signed_in) -> None:
    client = signed_in(person("ada@cedar.example"))
    assert not UserSession.objects.exists()
    assert "This browser" in client.get(reverse("sessions")).content.decode()


@pytest.mark.parametrize(
    "name",
    ["See https://evil.example", "www.evil.example", "evil.com", "a@b.example", "EVIL.COM/reset", "A\ue000B"],
)
def test_a_name_with_a_link_or_an_unknown_character_is_rejected(
    cedar: Organization, join, signed_in, name: str
) -> None:
    user = join(cedar, "admin")
    before = user.name
    signed_in(user).post(reverse("account"), {"name": name})
    user.refresh_from_db()
    assert user.name == before


@pytest.mark.parametrize(
    "name", ["J. R. R. Tolkien", "J.van Dijk", "Zoë O'Neill-Łukasz", "Dr. Ana María de la Cruz", "李小龍"]
)
def test_any_real_name_is_accepted(cedar: Organization, join, signed_in, name: str) -> None:
    user = join(cedar, "admin")
    signed_in(user).post(reverse("account"), {"name": f"\u202e  {name}\u200b\n"})
    user.refresh_from_db()
    assert user.name == name
