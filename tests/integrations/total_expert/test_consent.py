"""Consents to calls by an artificial voice, as they are sent."""

import json

import pytest

from integrations.total_expert import Consent, Rejected
from tests.integrations.total_expert.conftest import Scripted
from tests.integrations.total_expert.test_transport import http

CONSENT = Consent(
    channel_target="+16125550199",
    contact_purpose="existing-business",
    capture_source="Box ticked at the branch",
    consent_language="Yes, a computer may call me.",
)


def test_a_consent_is_sent_with_all_that_the_vendor_requires(scripted: Scripted) -> None:
    scripted.answer(http(b"[]"), http(b"[]"))
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
            "capture_source": "Box ticked at the branch",
            "consent_language": "Yes, a computer may call me.",
            "ip_address": "1.1.1.1",
        }
    }
    assert list(json.loads(revoked[2])) == ["revoke_consent"]


@pytest.mark.parametrize(
    "number", ["612-555-0199", "+4930123456", "16125550199", "+1612555019", "", "+1٦125550199"]
)
def test_a_number_that_the_vendor_does_not_take_is_refused_at_once(number: str) -> None:
    with pytest.raises(Rejected) as refused:
        Consent(number, "marketing", "web", "Yes.")
    assert refused.value.code == "consent"


def test_a_purpose_that_the_vendor_does_not_know_is_refused_at_once() -> None:
    with pytest.raises(Rejected, match="existing-business"):
        Consent("+16125550199", "fun", "web", "Yes.")


def test_a_consent_shows_no_number() -> None:
    assert "5550199" not in repr(CONSENT)


def test_what_is_made_of_a_consent_changes_nothing_in_it() -> None:
    dict.update(CONSENT.as_data(), {"contact_purpose": "fun"})  # type: ignore[arg-type]
    assert CONSENT.contact_purpose == "existing-business"
