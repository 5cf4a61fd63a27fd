"""The audit log as operators see it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.models import User
from portal.audit import log
from portal.audit.models import Entry
from portal.organizations import organizations
from portal.organizations.models import Organization
from portal.organizations.views import audit

pytestmark = pytest.mark.django_db


def read(client: Client, **query: object) -> str:
    return client.get(reverse("audit_log"), query).content.decode()


def codes(page: str) -> list[str]:
    """Return the codes of the listed actions."""
    return [part.partition("<")[0] for part in page.split('<code class="muted">')[1:]]


def add(organization: Organization | None, *actions: str, actor: User | None = None) -> None:
    for action in actions:
        log.record(action, actor=actor, organization=organization, before="viewer", after="<b>editor</b>")


def test_an_entry_shows_the_label_and_code_of_the_action_the_user_and_the_organization(
    cedar: Organization, operator: User, signed_in: Any
) -> None:
    text = read(signed_in(operator))
    expected = ("Organization created", "organization.created", "Olivia", "Cedar Home Lending")
    assert all(words in text for words in expected)


def test_an_entry_of_a_deleted_user_is_still_shown(
    cedar: Organization, operator: User, join: Any, signed_in: Any
) -> None:
    gone = join(cedar, "viewer")
    Entry.objects.create(at=cedar.created_at, actor=gone, action="probe")
    User.objects.filter(pk=gone.pk).delete()
    assert f"Deleted user ({gone.pk})" in read(signed_in(operator))


def test_details_are_escaped(cedar: Organization, operator: User, signed_in: Any) -> None:
    add(cedar, "probe")
    assert "&lt;b&gt;editor&lt;/b&gt;" in read(signed_in(operator))


def test_entries_can_be_filtered_by_action(cedar: Organization, operator: User, signed_in: Any) -> None:
    add(cedar, "member.removed", "invitation.sent")
    assert codes(read(signed_in(operator), action="member.removed")) == ["member.removed"]


@pytest.mark.parametrize("text", ["cedar-home-lending", "Home Lend", "cedar home"])
def test_entries_can_be_filtered_by_a_part_of_the_organizations_name(
    cedar: Organization, operator: User, signed_in: Any, text: str
) -> None:
    add(organizations.create(name="Harbor", actor=operator), "member.removed")
    add(cedar, "invitation.sent")
    assert codes(read(signed_in(operator), organization=text)) == ["invitation.sent", "organization.created"]


@pytest.mark.parametrize("text", ["editor", "EDITOR1@", "Editor1"])
def test_entries_can_be_filtered_by_a_part_of_the_users_name_or_email(
    cedar: Organization, operator: User, join: Any, signed_in: Any, text: str
) -> None:
    add(cedar, "member.removed", actor=join(cedar, "editor"))
    add(cedar, "invitation.sent", actor=operator)
    assert codes(read(signed_in(operator), user=text)) == ["member.removed"]


def test_invalid_filters_are_ignored(cedar: Organization, operator: User, signed_in: Any) -> None:
    text = read(signed_in(operator), action="' OR 1", organization="\0", before="9" * 40)
    assert codes(text) == ["organization.created"]


def test_a_filter_without_matches_offers_to_show_all_entries(
    cedar: Organization, operator: User, signed_in: Any
) -> None:
    text = read(signed_in(operator), organization="no such")
    assert "No matching entries" in text and "Show all entries" in text


def test_older_entries_are_on_the_next_page_with_the_same_filters(
    cedar: Organization, operator: User, signed_in: Any
) -> None:
    add(cedar, *["member.removed"] * 26)
    client = signed_in(operator)
    first = read(client, action="member.removed", size=25)
    assert len(codes(first)) == 25 and 'of <span class="num">26</span>' in first
    oldest = Entry.objects.filter(action="member.removed").order_by("pk")[1].pk
    assert f"?action=member.removed&amp;size=25&amp;before={oldest}" in first
    second = read(client, action="member.removed", size=25, before=oldest)
    assert codes(second) == ["member.removed"] and 'rel="next"' not in second


def test_the_number_of_queries_does_not_grow_with_the_entries(
    cedar: Organization, operator: User, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(operator)
    monkeypatch.setattr(audit, "MAX_COUNT", 20)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            read(client)
        counts.append(len(queries))
        add(cedar, *["member.removed"] * 25, actor=operator)
    assert counts[0] == counts[1] and "more than" in read(client)


def test_settings_show_the_operators_and_the_latest_entries(
    cedar: Organization, operator: User, signed_in: Any
) -> None:
    text = signed_in(operator).get(reverse("settings")).content.decode()
    expected = ("olivia@partner.example", "Organization created", reverse("audit_log"))
    assert all(words in text for words in expected)


def test_the_kind_of_object_is_shown_in_words(cedar: Organization, operator: User, signed_in: Any) -> None:
    log.record("organization.account_owner_changed", actor=operator, organization=cedar, target=cedar)
    known, unknown = Entry.objects.latest("pk"), Entry(object_type="gone.thing", object_id="1")
    assert (known.object_word, unknown.object_word, Entry().object_word) == ("organization", "thing", "")
    assert "organizations.organization" not in read(signed_in(operator))


def test_the_entries_that_match_are_exported_with_ids_and_no_names(client: Client, operator: User) -> None:
    client.force_login(operator)
    cedar = organizations.create(name="Cedar", actor=operator)
    add(cedar, "invitation.sent", actor=operator)
    answer = client.get(reverse("audit_log_export"), {"action": "invitation.sent"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, line = text.splitlines()
    assert head.startswith("id,time,action,user id,organization id")
    assert f"invitation.sent,{operator.pk},{cedar.pk}," in line
    assert operator.email not in text and cedar.name not in text
    assert Entry.objects.filter(action="audit.exported", actor=operator).count() == 1


def test_an_export_costs_the_same_queries_however_many_entries(client: Client, operator: User) -> None:
    client.force_login(operator)
    add(None, *["invitation.sent"] * 30)
    with CaptureQueriesContext(connection) as queries:
        b"".join(client.get(reverse("audit_log_export")).streaming_content)
    assert len(queries) < 15
