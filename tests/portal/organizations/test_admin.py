"""The operators' tables."""

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.urls import reverse

from portal.audit.models import Entry
from portal.organizations.models import Organization, User

pytestmark = pytest.mark.django_db
LIST = "admin:audit_entry_changelist"


def test_operators_read_the_audit_record(cedar: Organization, operator: User, signed_in) -> None:
    client = signed_in(operator)
    entry = Entry.objects.get()
    text = client.get(reverse(LIST)).content.decode()
    assert all(words in text for words in ("organization.created", "Olivia", "Cedar Home Lending"))
    assert client.get(reverse("admin:audit_entry_change", args=[entry.pk])).status_code == 200


def test_nobody_adds_changes_or_deletes_an_entry(cedar: Organization, operator: User, signed_in) -> None:
    client, entry = signed_in(operator), Entry.objects.get()
    assert client.get(reverse("admin:audit_entry_add")).status_code == 403
    assert (
        client.post(reverse("admin:audit_entry_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
    )
    assert (
        client.post(reverse("admin:audit_entry_change", args=[entry.pk]), {"action": "x"}).status_code == 403
    )
    assert Entry.objects.get().action == "organization.created"


def test_for_everybody_else_the_tables_do_not_exist(cedar: Organization, join, signed_in, client) -> None:
    entry = Entry.objects.get()
    member = signed_in(join(cedar, "admin"))
    pages = [
        reverse("admin:index"),
        reverse(LIST),
        reverse("admin:autocomplete"),
        *(reverse(f"admin:audit_entry_{name}", args=[entry.pk]) for name in ("change", "delete", "history")),
    ]
    assert [member.get(page).status_code for page in pages] == [404] * len(pages)
    assert [client.get(page).status_code for page in pages] == [302] * len(pages)


def test_an_entry_of_somebody_deleted_still_shows(
    cedar: Organization, operator: User, join, signed_in
) -> None:
    gone = join(cedar, "viewer")
    Entry.objects.create(at=cedar.created_at, actor=gone, action="probe")
    User.objects.filter(pk=gone.pk).delete()
    assert f"Somebody who left ({gone.pk})" in signed_in(operator).get(reverse(LIST)).content.decode()


@pytest.mark.parametrize("model", [EmailAddress, UserSession])
def test_addresses_and_sessions_are_no_tables(model: type) -> None:
    assert not admin.site.is_registered(model)


def test_settings_show_the_operators_and_the_latest_of_the_record(
    cedar: Organization, operator: User, signed_in
) -> None:
    text = signed_in(operator).get(reverse("settings")).content.decode()
    assert "olivia@partner.example" in text and "organization.created" in text and reverse(LIST) in text
