"""Leads of both kinds: what is sent, and what is made of the answers."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.total_expert import AnswerLost, CreatedLead, Rejected, TryLater
from integrations.total_expert.lead_resources import LeadOpportunities
from tests.integrations.total_expert.conftest import Emulator, Scripted
from tests.integrations.total_expert.test_transport import http

LEAD = {"first_name": "Ida", "last_name": "Marsh", "source": "Kiosk", "email": "ida@example.com"}


def sent(scripted: Scripted, number: int = 0) -> tuple[str, Any]:
    """The first line of a request without its version, and its JSON."""
    head, _, body = scripted.received[number].partition(b"\r\n\r\n")
    return head.split(b" HTTP")[0].decode(), json.loads(body) if body else None


def test_a_created_opportunity_comes_with_its_contact(scripted: Scripted) -> None:
    scripted.answer(http(b'{"id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "contact_id": 31}', "201 Created"))
    with scripted.client() as client:
        made = client.lead_opportunities.create(LEAD)
    assert made == CreatedLead("7c9e6679-7425-40de-944b-e07fc1f90ae7", contact_id=31)
    assert sent(scripted) == ("POST /v1/lead-opportunities", LEAD)


def test_a_created_lead_comes_with_its_contact(scripted: Scripted) -> None:
    scripted.answer(http(b'{"contact_id": 58, "lead_id": "61"}'))
    with scripted.client() as client:
        assert client.leads.create(LEAD, owner={"email": "lo@example.com"}) == CreatedLead(61, contact_id=58)
    assert sent(scripted) == ("POST /v1/leads", {**LEAD, "owner": {"email": "lo@example.com"}})


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"id": "../x"}', b'{"lead_id": 0}', b"null"])
def test_a_creation_without_an_id_may_have_worked(scripted: Scripted, body: bytes) -> None:
    scripted.answer(http(body), http(body))
    with scripted.client() as client:
        for resource in (client.lead_opportunities, client.leads):
            with pytest.raises(AnswerLost):
                resource.create(LEAD)


def test_a_change_that_was_made_in_part_is_a_refusal_in_the_servers_words(scripted: Scripted) -> None:
    answer = b'{"leadOpportunity": {"id": "a1", "contact_id": 4}, "errors": {"stage": "No stage Ida here"}}'
    scripted.answer(http(answer))
    with scripted.client() as client, pytest.raises(Rejected) as refused:
        client.lead_opportunities.update("a1", {"contact_id": 4, "first_name": "Ida", "stage": {"id": "77"}})
    assert refused.value.code == "partly_applied"
    assert refused.value.reasons == ["stage: No stage … here"]
    assert refused.value.path == "/lead-opportunities/a1"


@pytest.mark.parametrize("errors", [b"{}", b"[]", b"null"])
def test_a_change_without_errors_is_done(scripted: Scripted, errors: bytes) -> None:
    scripted.answer(http(b'{"leadOpportunity": {"id": "a1"}, "errors": ' + errors + b"}"))
    with scripted.client() as client:
        client.lead_opportunities.update("a1", {"contact_id": 4})


def test_a_lead_is_read_with_its_offers_and_its_contact(scripted: Scripted) -> None:
    lead = {
        **LEAD,
        "lead_opportunity": {"property_state": "MN"},
        "lead_opportunity_offers": [{"offer_id": 1, "interest_rate": 3.625, "term": "30 "}],
        "related_entities": [
            {"relationship_type": {"system_name": "Household"}, "parent": [{"id": "9"}]},
            {"relationship_type": {"system_name": "Contact"}, "parent": [{"id": "874"}]},
        ],
    }
    scripted.answer(http(json.dumps(lead).encode()))
    with scripted.client() as client:
        read = client.leads.get(61)
    assert (read.id, read.last_name, read.contact_id, read.lead_opportunity) == (
        61,
        "Marsh",
        874,
        {"property_state": "MN"},
    )
    assert str(read.lead_opportunity_offers[0].interest_rate) == "3.625"


def test_a_lead_without_related_records_has_no_contact(scripted: Scripted) -> None:
    scripted.answer(http(b'{"last_name": "Marsh"}'), http(b"[]"))
    with scripted.client() as client:
        assert client.leads.get(61).contact_id is None
        with pytest.raises(TryLater):
            client.leads.get(61)


def test_a_lead_is_changed_by_its_id(scripted: Scripted) -> None:
    scripted.answer(http(b'{"message": "Done"}'))
    with scripted.client() as client:
        client.leads.update(61, {"lead_stage": 2})
    assert sent(scripted) == ("PATCH /v1/leads/61", {"lead_stage": 2})


@pytest.mark.parametrize(
    ("wrong", "status", "code", "words"),
    [
        (lambda leads: leads.create({"first_name": "Ida"}), 400, "bad_request", "Missing required fields"),
        (lambda leads: leads.list(filter={"colour": "blue"}), 400, "bad_request", "Invalid filter"),
        (lambda leads: leads.list(sort="colour"), 400, "bad_request", "Invalid sort field"),
        (lambda leads: leads.list(page=999), 422, "page_out_of_range", "outside of result set"),
        (lambda leads: leads.get("7c9e6679-7425-40de-944b-e07fc1f90ae7"), 404, "not_found", "no such record"),
    ],
)
def test_the_documented_errors_of_opportunities_are_told_in_the_vendors_words(
    emulator: Emulator, wrong: Callable[[LeadOpportunities], Any], status: int, code: str, words: str
) -> None:
    with emulator.client() as client, pytest.raises(Rejected) as refused:
        wrong(client.lead_opportunities)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert words in str(refused.value)
