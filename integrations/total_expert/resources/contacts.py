"""Contacts, surveys and campaign activity: resources with operations of their own."""

from collections.abc import Generator, Iterable, Mapping
from typing import Any, TypeVar

from ..calls import Request
from ..errors import TotalExpertError
from ..records import CampaignActivity, Contact, ContactSurvey
from .concurrency import send_each
from .consent import Consent
from .endpoints import (
    Created,
    CreateResource,
    DeleteResource,
    FullCustomFieldResource,
    parse_created,
    write_request,
)
from .payloads import Owner, with_owner

K = TypeVar("K")


class Contacts(FullCustomFieldResource[Contact, int]):
    """Contacts, their custom field values, and their consent to phone calls by an AI agent."""

    def create_each(
        self, records: Iterable[tuple[K, Mapping[str, Any], Owner | None]], *, concurrency: int = 4
    ) -> Generator[tuple[K, Created[int] | TotalExpertError], None, None]:
        """Create many contacts, several at once. Yield each key with its result or its error, like `update_each`."""
        requests = (
            (key, write_request("POST", self._path, with_owner(data, owner))) for key, data, owner in records
        )
        for key, answer in send_each(self._sender, requests, concurrency=concurrency):
            if not isinstance(answer, TotalExpertError):
                try:
                    answer = parse_created(answer, self._parse_id, "POST", self._path)
                except TotalExpertError as unreadable:
                    answer = unreadable
            yield key, answer

    def delete_each(
        self, ids: Iterable[int], *, concurrency: int = 4
    ) -> Generator[tuple[int, TotalExpertError | None], None, None]:
        """Delete many contacts, several at once. Yield each id with its error, if any, like `update_each`."""
        requests = ((id, Request("DELETE", self._path_of(id))) for id in ids)
        for id, answer in send_each(self._sender, requests, concurrency=concurrency):
            yield id, answer if isinstance(answer, TotalExpertError) else None

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
