"""The audit log in Django's admin."""

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.audit import log
from portal.audit.models import Entry
from portal.organizations.models import Organization
from tests.portal.conftest import Join, SignedIn

pytestmark = pytest.mark.django_db
LIST = "/admin/audit/entry/"


@pytest.fixture
def browser(operator: User, signed_in: SignedIn) -> Client:
    return signed_in(operator)


def test_rows_are_found_by_organization_action_and_object(
    browser: Client, operator: User, cedar: Organization, harbor: Organization
) -> None:
    def found(**query: object) -> set[tuple[str, int | None]]:
        rows = browser.get(LIST, query).context["cl"].result_list
        return {(row.action, row.organization_id) for row in rows}

    created = {("organization.created", cedar.pk), ("organization.created", harbor.pk)}
    assert found(action="organization.created") == created
    assert found(q="cedar") == found(organization=cedar.pk) == {("organization.created", cedar.pk)}
    assert found(user=operator.pk) == created
    assert found(user=operator.pk + 1000) == set()


def test_a_row_says_who_did_what_even_when_they_left(
    browser: Client, cedar: Organization, join: Join
) -> None:
    leaver = join(cedar, "admin")
    entry = log.record("test.done", actor=leaver, organization=cedar, target=cedar, rows=3)
    by_portal = log.record("test.automatic", actor=None)
    leaver.memberships.all().delete()
    pk = leaver.pk
    leaver.delete()
    text = browser.get(f"{LIST}{entry.pk}/change/").content.decode()
    assert f"Deleted user ({pk})" in text and cedar.name in text and "rows: 3" in text
    assert "Portal" in browser.get(f"{LIST}{by_portal.pk}/change/").content.decode()
    assert Entry.objects.filter(pk=entry.pk).exists()
