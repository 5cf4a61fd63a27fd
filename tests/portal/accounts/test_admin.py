"""Users in Django's admin."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from portal.accounts.models import User
from portal.audit.models import Entry
from tests.portal.conftest import SignedIn
from tests.portal.people import person

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/user/"


@pytest.fixture
def browser(operator: User, signed_in: SignedIn) -> Client:
    return signed_in(operator)


def session(user: User) -> None:
    key = f"session-{UserSession.objects.count()}"
    UserSession.objects.create(user=user, ip="203.0.113.9", session_key=key, user_agent="Firefox/1 Linux")


def test_users_are_found_by_name_and_address_and_filtered(browser: Client, operator: User) -> None:
    ada = person("ada@cedar.example")
    person("ben@cedar.example")
    assert list(browser.get(LIST, {"q": "ADA"}).context["cl"].result_list) == [ada]
    assert list(browser.get(LIST, {"q": "da@cedar"}).context["cl"].result_list) == [ada]
    assert list(browser.get(LIST, {"is_operator": "yes"}).context["cl"].result_list) == [operator]


def test_signing_users_out_is_confirmed_and_each_outcome_is_said(browser: Client, operator: User) -> None:
    ada = person("ada@cedar.example")
    session(ada)
    chosen = {"action": "end-sessions", "_selected_action": [ada.pk, operator.pk]}
    asked = browser.post(LIST, {**chosen, "index": 0})
    assert asked.context["title"] == "Sign out 2 users?"
    assert "must sign in again" in asked.content.decode()
    assert UserSession.objects.filter(user=ada).exists()

    done = browser.post(LIST, {**chosen, "confirmed": "yes"}, follow=True)
    said = [(message.level_tag, str(message)) for message in done.context["messages"]]
    assert ("success", f"User {ada.pk}: 1 session ended.") in said
    assert (
        "error",
        f"User {operator.pk}: End your own sessions in the portal, under your account.",
    ) in said
    assert not UserSession.objects.filter(user=ada).exists()
    assert "ada" not in " ".join(text for _, text in said).lower()


def test_a_users_page_names_browsers_and_its_history_the_audit_log(browser: Client, operator: User) -> None:
    ada = person("ada@cedar.example")
    session(ada)
    assert "Firefox on Linux" in browser.get(f"{LIST}{ada.pk}/change/").content.decode()
    browser.post(f"{LIST}{ada.pk}/action/end-sessions/", {"confirmed": "yes"})
    history = browser.get(f"{LIST}{ada.pk}/history/")
    assert list(history.context["entries"]) == [Entry.objects.get(action="account.sessions_ended")]
    assert operator.display_name in history.content.decode()
