"""/v1/leads: the older endpoint for leads, each with an opportunity, offers and a contact."""

from __future__ import annotations

import copy
import sqlite3
from typing import Any

from ..engine import relationships
from ..engine.errors import ApiError, not_found
from ..engine.responses import ApiResponse
from ..engine.schema import identifiers
from ..engine.schema.record import Record
from ..engine.schema.registry import RESOURCES
from ..engine.storage import records
from ..engine.storage.tables import next_id
from . import lead_contacts, lead_values, opportunities
from .endpoint import ApiRequest, Endpoint

PATH = "leads"
_CONTACT_DETAILS = (
    ("email",),
    ("address", "city", "state", "zip_code"),
    *((name,) for name in lead_contacts.PHONES),
)


def create(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Create a lead, and a contact unless the person is one already. Raise `ApiError` (422)."""
    payload, resource = request.payload, RESOURCES[PATH]
    _check_required(payload)
    stored = lead_values.for_new_lead(payload)
    named = _named_owner(connection, request)
    found = lead_contacts.find_same_person(connection, request, named or request.caller.user, payload)
    owner = named or lead_contacts.default_owner(connection, request)
    if found is None:
        passed_on = {*lead_values.CONTACT_NAMES, "contact_groups"}
        given = {name: value for name, value in payload.items() if name in passed_on}
        contact = lead_contacts.create(connection, request, owner, given)
    else:
        contact, owner = found, named or _owner_of(connection, found)
        if payload.get("custom"):
            custom = {"id": found, "custom": payload["custom"]}
            lead_contacts.create(connection, request, _owner_of(connection, found), custom)
    number, timestamp = next_id(connection, resource), opportunities.timestamp(request)
    record = Record(number, request.organization, owner, resource.defaults(), timestamp, timestamp)
    record.attributes |= stored
    record.one = {"contact": contact}
    records.insert(connection, resource, record)
    lead_contacts.add_activity(connection, request, contact, "Lead Created", f"{PATH}/{number}")
    return ApiResponse(201, {"contact_id": contact, "lead_id": number})


def fetch(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Return one lead. Raise `ApiError` (404)."""
    record = _load(connection, request)
    shown = lead_values.shown(record.attributes)
    shown |= {"assigned_to": record.owner, "owner_id": record.owner}
    row = connection.execute(
        "SELECT a_email, a_external_id, id, a_username FROM users WHERE id = ?", (record.owner,)
    ).fetchone()
    shown["owner"] = {"email": row[0], "external_id": row[1] or "", "id": str(row[2]), "username": row[3]}
    parent = {"id": str(record.one["contact"])}
    shown["related_entities"] = [{"relationship_type": {"system_name": "Contact"}, "parent": [parent]}]
    return ApiResponse(200, shown)


def update(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Update a lead. Raise `ApiError`: 404, or 422 for a value of the wrong type."""
    record = _load(connection, request)
    old = copy.deepcopy(record)
    lead_values.merge(record.attributes, request.payload)
    record.updated = max(opportunities.timestamp(request), record.updated)
    records.replace(connection, RESOURCES[PATH], old, record)
    return ApiResponse(200, {"message": "Successfully updated lead."})


def _load(connection: sqlite3.Connection, request: ApiRequest) -> Record:
    resource = RESOURCES[PATH]
    number = identifiers.to_number(resource, request.id)
    record = records.load(connection, resource, request.organization, request.caller.user, number)
    if record is None:
        raise not_found()
    return record


def _check_required(payload: dict[str, Any]) -> None:
    for name in ("first_name", "last_name", "source"):
        if not payload.get(name):
            raise ApiError(422, f"Missing required attribute: '{name}'")
    if not any(all(payload.get(name) for name in option) for option in _CONTACT_DETAILS):
        wording = "email, phone_home, phone_cell, phone_office or (address, city, state, zip_code)"
        raise ApiError(422, f"Missing required attributes: one of {wording}")


def _named_owner(connection: sqlite3.Connection, request: ApiRequest) -> int | None:
    """Return the owner that the request names. A user's token can only name that user."""
    if request.caller.user is not None:
        return request.caller.user
    if request.payload.get("owner") is not None:
        return relationships.find_owner(connection, request.organization, request.payload)
    if request.payload.get("owner_id") not in (None, ""):
        named = {"owner": {"id": request.payload["owner_id"]}}
        return relationships.find_owner(connection, request.organization, named)
    return None


def _owner_of(connection: sqlite3.Connection, contact: int) -> int:
    return int(connection.execute("SELECT owner FROM contacts WHERE id = ?", (contact,)).fetchone()[0])


LEADS = Endpoint(
    path=PATH,
    scopes=("leadOpportunityInteraction", "postLeads"),
    collection={"POST": create},
    item={"GET": fetch, "PATCH": update},
    assumptions=(
        "The scope postLeads allows the same as leadOpportunityInteraction. An `api_key` is not supported.",
        "A new lead returns 201, an invalid one 422 with the attribute's name.",
        "A lead without an owner goes to the owner of the matching contact, to the caller or, for an admin, to the"
        " first active loan officer.",
        "Booleans of an opportunity are shown as the strings true and false, `ok_to_email` as 1 or 0.",
        "A new stage can be sent next to the lead's names or inside its opportunity. Changing a lead does not change"
        " its contact.",
    ),
)
