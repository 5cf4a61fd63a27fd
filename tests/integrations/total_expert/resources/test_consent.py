"""Consent to phone calls by an AI agent."""

import json

import pytest

from integrations.total_expert import Consent, Rejected
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response

CONSENT = Consent(
    channel_target="+16125550199",
    contact_purpose="existing-business",
    capture_source="Checkbox at the branch",
    consent_language="Yes, an AI agent may call me.",
)


def test_a_consent_is_sent_with_every_required_property(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b"[]"), http_response(b"[]"))
    with scripted.client() as client:
        client.contacts.grant_consent(5, CONSENT)
        client.contacts.revoke_consent(5, CONSENT)
    granted, revoked = (request.partition(b"\r\n\r\n") for request in scripted.received)
    assert granted[0].startswith(b"PATCH /v1/contacts/5 ")
    assert json.loads(granted[2]) == {
        "grant_consent": {
            "communication_agent": "agentic-a-i",
            "communication_channel": "phone",
            "channel_target": "+16125550199",
            "contact_purpose": "existing-business",
            "capture_source": "Checkbox at the branch",
            "consent_language": "Yes, an AI agent may call me.",
            "ip_address": "1.1.1.1",
        }
    }
    assert list(json.loads(revoked[2])) == ["revoke_consent"]


@pytest.mark.parametrize(
    "number", ["612-555-0199", "+4930123456", "16125550199", "+1612555019", "", "+1٦125550199"]
)
def test_an_invalid_phone_number_is_rejected(number: str) -> None:
    with pytest.raises(Rejected) as refused:
        Consent(number, "marketing", "web", "Yes.")
    assert refused.value.code == "consent"


def test_an_unknown_purpose_is_rejected() -> None:
    with pytest.raises(Rejected, match="existing-business"):
        Consent("+16125550199", "fun", "web", "Yes.")


def test_the_repr_of_a_consent_shows_no_phone_number() -> None:
    assert "5550199" not in repr(CONSENT)


def test_changing_the_json_does_not_change_the_consent() -> None:
    dict.update(CONSENT.to_json(), {"contact_purpose": "fun"})  # type: ignore[arg-type]
    assert CONSENT.contact_purpose == "existing-business"
