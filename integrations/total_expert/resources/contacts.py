"""Contacts, surveys and campaign activity: resources with operations of their own."""

from collections.abc import Mapping
from typing import Any

from ..records import CampaignActivity, Contact, ContactSurvey
from .consent import Consent
from .endpoints import (
    Created,
    CreateResource,
    DeleteResource,
    FullCustomFieldResource,
    parse_created,
    write_request,
)


class Contacts(FullCustomFieldResource[Contact, int]):
    """Contacts, their custom field values, and their consent to phone calls by an AI agent."""

    def grant_consent(self, id: int, consent: Consent) -> None:
        """Record a contact's consent. The API can revoke it, but has no way to read it."""
        self.update(id, {"grant_consent": consent.to_json()})

    def revoke_consent(self, id: int, consent: Consent) -> None:
        """Record that a contact withdrew a consent that was granted before."""
        self.update(id, {"revoke_consent": consent.to_json()})


class ContactSurveys(CreateResource[ContactSurvey, str]):
    """Surveys. The response to a create has no question ids; `get` the survey for those."""

    def update(self, id: str, data: Mapping[str, Any]) -> Created[str]:
        """Change a survey. `data` must contain `questions`, which may be an empty list."""
        path = self._path_of(id)
        return parse_created(
            self._sender.send(write_request("PATCH", path, data)), self._parse_id, "PATCH", path
        )


class CampaignActivities(CreateResource[CampaignActivity, str], DeleteResource[CampaignActivity, str]):
    """Which contacts a campaign reached. Records can be created and deleted, but not updated."""
