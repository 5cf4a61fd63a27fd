"""Leads of both kinds, whose creation also finds or makes a contact."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic

from . import values
from .calls import Request
from .errors import Rejected
from .records import Lead, LeadOpportunity
from .redaction import MOST, redact, values_in
from .resources import Collection, Endpoint, Id, Owner, with_owner, write
from .verdicts import unreadable


@dataclass(frozen=True)
class CreatedLead(Generic[Id]):
    """What a create made: a lead, and the contact that was made for it or found."""

    id: Id
    contact_id: int | None


class LeadOpportunities(Collection[LeadOpportunity, str]):
    """Leads in the sales pipeline. Use these or the older `leads`, never both."""

    def create(self, data: Mapping[str, Any]) -> CreatedLead[str]:
        """Create a lead. It needs first_name, last_name, source, and a phone or an email."""
        answer = self._caller.call(write("POST", self._path, data))
        return _read_created(answer, "id", self._read_id, self._path)

    def update(self, id: str, data: Mapping[str, Any]) -> None:
        """Change a lead; `data` needs its `contact_id`.

        Assignment, stage and the rest are changed independently. Raises Rejected with code "partly_applied" when
        the vendor did a part and refused another, which the reasons name; sending all of it again does no harm.
        """
        path = self._one(id)
        answer = self._caller.call(write("PATCH", path, data))
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if errors:
            raise Rejected(
                _refusals(errors, data),
                code="partly_applied",
                lead="Total Expert made a part of this change and refused another.",
                method="PATCH",
                path=path,
            )


class Leads(Endpoint):
    """The older leads, for advanced lead management. They can't be listed."""

    def get(self, id: int) -> Lead:
        """The lead with this id. Raises Rejected with code "not_found" when there is none to be seen."""
        path = self._one(id)
        record = Lead.read(self._caller.call(Request("GET", path)))
        if record is None:
            raise unreadable("GET", path)
        return record if record.id else replace(record, id=values.identifier(id))

    def create(self, data: Mapping[str, Any], *, owner: Owner | None = None) -> CreatedLead[int]:
        """Create a lead, and a contact for it unless one matches. With an owner, only theirs match."""
        answer = self._caller.call(write("POST", self._path, with_owner(data, owner)))
        return _read_created(answer, "lead_id", values.identifier, self._path)

    def update(self, id: int, data: Mapping[str, Any]) -> None:
        """Change what `data` names of a lead. The vendor insists on types: 5, not "5"; true, not "true"."""
        self._caller.call(write("PATCH", self._one(id), data))


def _read_created(answer: Any, name: str, read_id: Callable[[Any], Id | None], path: str) -> CreatedLead[Id]:
    made = read_id(answer.get(name)) if isinstance(answer, dict) else None
    if made is None:
        raise unreadable("POST", path)
    return CreatedLead(made, contact_id=values.identifier(answer.get("contact_id")))


def _refusals(errors: Any, data: Mapping[str, Any]) -> list[str]:
    """The server's words for what it refused, by the part refused, without the values that were sent."""
    if not isinstance(errors, dict):
        errors = {"": errors}
    sent = list(values_in(data))
    found = [f"{name}: {text}" if name else str(text) for name, text in errors.items()]
    return [redact(text, sent) for text in found[:MOST]]
