"""Lead opportunities and the older leads: requests and responses."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.total_expert import AnswerLost, CreatedLead, Rejected, TryLater
from integrations.total_expert.resources.leads import LeadOpportunities
from tests.integrations.total_expert.sandbox_server import SandboxServer
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response, sent

LEAD = {"first_name": "Ida", "last_name": "Marsh", "source": "Kiosk", "email": "ida@example.com"}


def test_creating_an_opportunity_returns_its_contact(scripted: ScriptedServer) -> None:
    scripted.answer(
        http_response(b'{"id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "contact_id": 31}', "201 Created")
    )
    with scripted.client() as client:
        created = client.lead_opportunities.create(LEAD)
    assert created == CreatedLead("7c9e6679-7425-40de-944b-e07fc1f90ae7", contact_id=31)
    assert sent(scripted) == ("POST /v1/lead-opportunities", LEAD)


def test_creating_a_lead_returns_its_contact(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b'{"contact_id": 58, "lead_id": "61"}'))
    with scripted.client() as client:
        assert client.leads.create(LEAD, owner={"email": "lo@example.com"}) == CreatedLead(61, contact_id=58)
    assert sent(scripted) == ("POST /v1/leads", {**LEAD, "owner": {"email": "lo@example.com"}})


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"id": "../x"}', b'{"lead_id": 0}', b"null"])
def test_a_create_response_without_an_id_raises_answer_lost(scripted: ScriptedServer, body: bytes) -> None:
    scripted.answer(http_response(body), http_response(body))
    with scripted.client() as client:
        for resource in (client.lead_opportunities, client.leads):
            with pytest.raises(AnswerLost):
                resource.create(LEAD)


def test_a_partly_applied_update_is_rejected_with_the_messages_of_the_server(
    scripted: ScriptedServer,
) -> None:
    answer = b'{"leadOpportunity": {"id": "a1", "contact_id": 4}, "errors": {"stage": "No stage Ida here"}}'
    scripted.answer(http_response(answer))
    with scripted.client() as client, pytest.raises(Rejected) as refused:
        client.lead_opportunities.update("a1", {"contact_id": 4, "first_name": "Ida", "stage": {"id": "77"}})
    assert refused.value.code == "partly_applied"
    assert refused.value.reasons == ["stage: No stage … here"]
    assert refused.value.path == "/lead-opportunities/a1"


@pytest.mark.parametrize("errors", [b"{}", b"[]", b"null"])
def test_an_update_without_errors_succeeds(scripted: ScriptedServer, errors: bytes) -> None:
    scripted.answer(http_response(b'{"leadOpportunity": {"id": "a1"}, "errors": ' + errors + b"}"))
    with scripted.client() as client:
        client.lead_opportunities.update("a1", {"contact_id": 4})


def test_a_lead_has_its_offers_and_its_contact(scripted: ScriptedServer) -> None:
    lead = {
        **LEAD,
        "lead_opportunity": {"property_state": "MN"},
        "lead_opportunity_offers": [{"offer_id": 1, "interest_rate": 3.625, "term": "30 "}],
        "related_entities": [
            {"relationship_type": {"system_name": "Household"}, "parent": [{"id": "9"}]},
            {"relationship_type": {"system_name": "Contact"}, "parent": [{"id": "874"}]},
        ],
    }
    scripted.answer(http_response(json.dumps(lead).encode()))
    with scripted.client() as client:
        read = client.leads.get(61)
    assert (read.id, read.last_name, read.contact_id, read.lead_opportunity) == (
        61,
        "Marsh",
        874,
        {"property_state": "MN"},
    )
    assert str(read.lead_opportunity_offers[0].interest_rate) == "3.625"


def test_a_lead_without_related_records_has_no_contact(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b'{"last_name": "Marsh"}'), http_response(b"[]"))
    with scripted.client() as client:
        assert client.leads.get(61).contact_id is None
        with pytest.raises(TryLater):
            client.leads.get(61)


def test_a_lead_is_updated_by_id(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b'{"message": "Done"}'))
    with scripted.client() as client:
        client.leads.update(61, {"lead_stage": 2})
    assert sent(scripted) == ("PATCH /v1/leads/61", {"lead_stage": 2})


@pytest.mark.parametrize(
    ("wrong", "status", "code", "words"),
    [
        (lambda leads: leads.create({"first_name": "Ida"}), 400, "bad_request", "Missing required fields"),
        (lambda leads: leads.list(filter={"color": "blue"}), 400, "bad_request", "Invalid filter"),
        (lambda leads: leads.list(sort="color"), 400, "bad_request", "Invalid sort field"),
        (lambda leads: leads.list(page=999), 422, "page_out_of_range", "outside of result set"),
        (lambda leads: leads.get("7c9e6679-7425-40de-944b-e07fc1f90ae7"), 404, "not_found", "no such record"),
    ],
)
def test_documented_errors_of_opportunities_quote_the_vendor(
    sandbox: SandboxServer, wrong: Callable[[LeadOpportunities], Any], status: int, code: str, words: str
) -> None:
    with sandbox.client() as client, pytest.raises(Rejected) as refused:
        wrong(client.lead_opportunities)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert words in str(refused.value)
