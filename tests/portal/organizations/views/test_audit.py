"""The audit log as operators read it."""

import pytest
from django.urls import reverse

from portal.accounts.models import User
from portal.audit import log
from portal.audit.models import Entry
from portal.organizations.models import Organization
from portal.organizations.views import audit

pytestmark = pytest.mark.django_db


def read(client, **query: object) -> str:
    return client.get(reverse("audit_log"), query).content.decode()


def entries(organization: Organization | None, *actions: str) -> None:
    for action in actions:
        Entry.objects.create(
            at="2026-01-01T00:00:00Z",
            action=action,
            organization_id=organization.pk if organization else None,
            detail={"before": "viewer", "after": "<b>editor</b>"},
        )


def test_it_says_who_did_what_where(cedar: Organization, operator: User, signed_in) -> None:
    text = read(signed_in(operator))
    assert all(words in text for words in ("organization.created", "Olivia", "Cedar Home Lending"))


def test_an_entry_of_somebody_deleted_still_shows(
    cedar: Organization, operator: User, join, signed_in
) -> None:
    gone = join(cedar, "viewer")
    Entry.objects.create(at=cedar.created_at, actor=gone, action="probe")
    User.objects.filter(pk=gone.pk).delete()
    assert f"Somebody who left ({gone.pk})" in read(signed_in(operator))


def test_details_are_shown_as_text(cedar: Organization, operator: User, signed_in) -> None:
    entries(cedar, "probe")
    assert "&lt;b&gt;editor&lt;/b&gt;" in read(signed_in(operator))


def test_it_is_narrowed_to_an_action_and_an_organization(
    cedar: Organization, operator: User, signed_in
) -> None:
    entries(cedar, "probe.here")
    entries(None, "probe.nowhere")
    client = signed_in(operator)
    assert '<th scope="row">probe.nowhere' not in read(client, organization=cedar.slug)
    only = read(client, action="probe.nowhere")
    assert '<th scope="row">probe.nowhere' in only and '<th scope="row">probe.here' not in only


def test_a_filter_that_is_none_narrows_nothing(cedar: Organization, operator: User, signed_in) -> None:
    rubbish = read(signed_in(operator), action="' OR 1", organization="no-such", before="9" * 40)
    assert '<th scope="row">organization.created' in rubbish


def test_older_entries_are_a_page_away_and_the_narrowing_stays(
    cedar: Organization, operator: User, signed_in
) -> None:
    entries(cedar, *(f"probe.{number}" for number in range(3)), *["many"] * (audit.PAGE + 1))
    client = signed_in(operator)
    first = read(client, action="many")
    assert first.count('<th scope="row">many') == audit.PAGE
    oldest_shown = Entry.objects.filter(action="many").order_by("pk")[1].pk
    assert f"?action=many&amp;before={oldest_shown}" in first
    second = read(client, action="many", before=oldest_shown)
    assert second.count('<th scope="row">many') == 1 and "Older entries" not in second


def test_settings_show_the_operators_and_the_latest_of_the_record(
    cedar: Organization, operator: User, signed_in
) -> None:
    text = signed_in(operator).get(reverse("settings")).content.decode()
    assert (
        "olivia@partner.example" in text and "organization.created" in text and reverse("audit_log") in text
    )


def test_what_it_was_done_to_is_said_in_words(cedar: Organization, operator: User, signed_in) -> None:
    log.record("organization.changed", actor=operator, organization=cedar, target=cedar)
    known, unknown = Entry.objects.latest("pk"), Entry(object_type="gone.thing", object_id="1")
    assert (known.object_word, unknown.object_word, Entry().object_word) == ("organization", "thing", "")
    assert "organizations.organization" not in signed_in(operator).get(reverse("audit_log")).content.decode()
