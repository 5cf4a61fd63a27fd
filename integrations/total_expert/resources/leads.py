"""Lead opportunities and the older leads. Creating one also finds or creates its contact."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic

from .. import parse
from ..calls import Request
from ..errors import Rejected
from ..records import Lead, LeadOpportunity
from ..transport.error_mapping import unreadable_response
from ..transport.redaction import MAX_MESSAGES, redact, values_in
from .endpoints import Endpoint, Id, ReadResource, write_request
from .payloads import Owner, with_owner


@dataclass(frozen=True)
class CreatedLead(Generic[Id]):
    """The result of creating a lead: its id, and the id of the contact that was found or created for it."""

    id: Id
    contact_id: int | None


class LeadOpportunities(ReadResource[LeadOpportunity, str]):
    """Leads in the sales pipeline. An organization uses these or the older `leads`, not both."""

    def create(self, data: Mapping[str, Any]) -> CreatedLead[str]:
        """Create a lead. `data` needs first_name, last_name, source, and a phone number or email."""
        response = self._sender.send(write_request("POST", self._path, data))
        return _parse_created(response, "id", self._parse_id, self._path)

    def update(self, id: str, data: Mapping[str, Any]) -> None:
        """Change a lead. `data` needs its `contact_id`.

        The vendor applies the assigned user, the stage and the other properties one by one. Raise Rejected with code
        "partly_applied" if it accepted some and refused others, which the reasons name. Sending all of them again is
        safe.
        """
        path = self._path_of(id)
        response = self._sender.send(write_request("PATCH", path, data))
        errors = response.get("errors") if isinstance(response, dict) else None
        if errors:
            raise Rejected(
                _messages(errors, data),
                code="partly_applied",
                prefix="Total Expert made part of this change and refused the rest.",
                method="PATCH",
                path=path,
            )


class Leads(Endpoint):
    """The older leads, for advanced lead management. They can't be listed."""

    def get(self, id: int) -> Lead:
        """Return the lead with this id. Raise Rejected with code "not_found" if none is visible."""
        path = self._path_of(id)
        record = Lead.from_json(self._sender.send(Request("GET", path)))
        if record is None:
            raise unreadable_response("GET", path)
        return record if record.id else replace(record, id=parse.integer_id(id))

    def create(self, data: Mapping[str, Any], *, owner: Owner | None = None) -> CreatedLead[int]:
        """Create a lead, and a contact unless one matches. With an owner, only that owner's contacts match."""
        response = self._sender.send(write_request("POST", self._path, with_owner(data, owner)))
        return _parse_created(response, "lead_id", parse.integer_id, self._path)

    def update(self, id: int, data: Mapping[str, Any]) -> None:
        """Change the properties of a lead that `data` names. The vendor requires JSON types: 5, not "5"."""
        self._sender.send(write_request("PATCH", self._path_of(id), data))


def _parse_created(data: Any, name: str, parse_id: Callable[[Any], Id | None], path: str) -> CreatedLead[Id]:
    id = parse_id(data.get(name)) if isinstance(data, dict) else None
    if id is None:
        raise unreadable_response("POST", path)
    return CreatedLead(id, contact_id=parse.integer_id(data.get("contact_id")))


def _messages(errors: Any, data: Mapping[str, Any]) -> list[str]:
    """Return the server's message for each refused property, without the values that were sent."""
    if not isinstance(errors, dict):
        errors = {"": errors}
    private_values = list(values_in(data))
    messages = [f"{name}: {text}" if name else str(text) for name, text in errors.items()]
    return [redact(text, private_values) for text in messages[:MAX_MESSAGES]]
