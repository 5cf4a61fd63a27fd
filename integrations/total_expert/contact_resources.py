"""Contacts and what hangs on them, where they offer more than other resources do."""

from collections.abc import Mapping
from typing import Any

from .consent import Consent
from .records import CampaignActivity, Contact, ContactSurvey
from .resources import (
    Created,
    CustomizedFull,
    Deleting,
    GrowingCollection,
    read_created,
    write,
)


class Contacts(CustomizedFull[Contact, int]):
    """Contacts, with their custom values and their consents to calls by an artificial voice."""

    def grant_consent(self, id: int, consent: Consent) -> None:
        """Record that a contact agreed. What was granted can be revoked, but not read."""
        self.update(id, {"grant_consent": consent.as_data()})

    def revoke_consent(self, id: int, consent: Consent) -> None:
        """Record that a contact no longer agrees. Only what was granted before can be revoked."""
        self.update(id, {"revoke_consent": consent.as_data()})


class ContactSurveys(GrowingCollection[ContactSurvey, str]):
    """Surveys. What create() answers has no ids of questions: get() the survey for those."""

    def update(self, id: str, data: Mapping[str, Any]) -> Created[str]:
        """Change a survey. `data` needs `questions`, an empty list at least; the answer has an id."""
        path = self._one(id)
        return read_created(self._caller.call(write("PATCH", path, data)), self._read_id, "PATCH", path)


class CampaignActivities(GrowingCollection[CampaignActivity, str], Deleting[CampaignActivity, str]):
    """Which campaigns touched which contacts: created and deleted, never changed."""
