"""Invitations in Django's admin."""

import pytest
from django.core import mail
from django.test import Client

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation, Organization
from tests.portal.conftest import SignedIn

LIST = "/admin/organizations/invitation/"


@pytest.fixture
def browser(operator: User, signed_in: SignedIn) -> Client:
    return signed_in(operator)


def invite(organization: Organization, actor: User, email: str = "ada@cedar.example") -> Invitation:
    return invitations.invite(organization=organization, email=email, role="viewer", actor=actor)[0]


def said(page: object) -> list[tuple[str, str]]:
    return [(each.level_tag, str(each)) for each in page.context["messages"]]  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_resending_mails_a_new_link_and_shows_it_to_nobody(
    browser: Client, operator: User, cedar: Organization
) -> None:
    row = invite(cedar, operator)
    mail.outbox.clear()
    place = f"{LIST}{row.pk}/action/resend/"
    asked = browser.get(place).content.decode()
    assert "The old link stops working." in asked and not mail.outbox
    done = browser.post(place, {"confirmed": "yes"}, follow=True)
    assert [level for level, _ in said(done)] == ["success"]
    assert len(mail.outbox) == 1 and mail.outbox[0].to == ["ada@cedar.example"]
    link = next(word for word in str(mail.outbox[0].body).split() if "/invitations/" in word)
    assert link.rstrip("/").rpartition("/")[2] not in done.content.decode()
    assert Entry.objects.filter(action="invitation.resent", actor=operator).count() == 1


@pytest.mark.django_db
def test_withdrawing_many_says_for_each_what_came_of_it(
    browser: Client, operator: User, cedar: Organization
) -> None:
    rows = [invite(cedar, operator, f"{name}@cedar.example") for name in ("ada", "ben", "cem")]
    invitations.withdraw(invitation=rows[1], actor=operator)
    form = {"action": "withdraw", "_selected_action": [str(row.pk) for row in rows], "confirmed": "yes"}
    outcome = said(browser.post(LIST, form, follow=True))
    assert sorted(level for level, _ in outcome) == ["error", "success", "success"]
    refused = next(text for level, text in outcome if level == "error")
    assert (
        refused == f"Invitation {str(rows[1].pk)[:8]} to {cedar.name}: This invitation was already withdrawn."
    )
    assert "@" not in " ".join(text for _, text in outcome)
    assert Entry.objects.filter(action="invitation.withdrawn").count() == 3


@pytest.mark.django_db
def test_as_many_are_resent_as_the_rate_allows(
    browser: Client, operator: User, cedar: Organization, settings: object
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "invite": "2/m/user"}  # type: ignore[attr-defined]
    rows = [invite(cedar, operator, f"{name}@cedar.example") for name in ("ada", "ben", "cem")]
    form = {"action": "resend", "_selected_action": [str(row.pk) for row in rows], "confirmed": "yes"}
    outcome = said(browser.post(LIST, form, follow=True))
    assert sorted(level for level, _ in outcome) == ["error", "success", "success"]
    assert Entry.objects.filter(action="invitation.resent").count() == 2


@pytest.mark.django_db
def test_they_are_found_by_organization_and_address_and_filtered_by_state(
    browser: Client, operator: User, cedar: Organization, harbor: Organization
) -> None:
    ada, ben = invite(cedar, operator), invite(harbor, operator, "ben@harbor.example")
    invitations.withdraw(invitation=ben, actor=operator)

    def found(**query: str) -> list[Invitation]:
        return list(browser.get(LIST, query).context["cl"].result_list)

    assert found(q="cedar home") == [ada]
    assert found(q="BEN@harbor.example") == [ben]
    assert found(state="withdrawn") == [ben]
    assert found(state="waiting") == [ada]
    assert found(state="accepted") == []


@pytest.mark.django_db
def test_what_is_selected_must_be_some_rows_of_a_page(
    browser: Client, operator: User, cedar: Organization
) -> None:
    row = invite(cedar, operator)
    for keys in ([], ["x"], ["00000000-0000-0000-0000-000000000000"]):
        form = {"action": "withdraw", "_selected_action": keys, "confirmed": "yes", "select_across": "1"}
        browser.post(LIST, {**form, "index": 0})
        row.refresh_from_db()
        assert row.withdrawn_at is None
    browser.post(LIST, {"action": "nothing", "_selected_action": [str(row.pk)], "confirmed": "yes"})
    row.refresh_from_db()
    assert row.withdrawn_at is None
