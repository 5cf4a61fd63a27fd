"""/v1/lead-opportunities: the newer endpoint for leads, with its own lists, errors and responses."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from ..engine.errors import ApiError
from ..engine.listing.pages import page_of
from ..engine.responses import ApiResponse
from ..engine.schema import identifiers
from ..engine.schema.record import Record
from ..engine.schema.registry import RESOURCES
from ..engine.storage import records
from ..engine.storage.tables import next_id
from . import lead_contacts, opportunities
from .endpoint import ApiRequest, Endpoint

PATH = "lead-opportunities"
DEFAULT_SIZE = 25
_FILTERS = {"contact_id": "contact", "user_id": "owner"}
_SORTS = {
    "created_at": "created",
    "updated_at": "updated",
    "lead_stage": "a_stage",
    "loan_purpose": "a_loan_purpose",
}
_REQUIRED = "Missing required fields. Must provide: first_name, last_name, source, and either phone or email"


def fetch_page(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Return one page. Raise `ApiError`: 400 for an invalid filter or sort, 422 beyond the last page."""
    page = page_of(request.arguments, DEFAULT_SIZE)
    conditions, parameters = _scope(request)
    for name, value in _filters(request.arguments.get("filter", "")):
        conditions.append(f"{_FILTERS[name]} = ?")
        parameters.append(value)
    where, order = " AND ".join(conditions), _order(request.arguments.get("sort", ""))
    total = connection.execute(
        f"SELECT count(*) FROM lead_opportunities WHERE {where}", parameters
    ).fetchone()[0]
    last = max(1, -(-total // page.size))
    if page.number > last:
        raise ApiError(422, "Page requested is outside of result set")
    rows = connection.execute(
        f"SELECT id FROM lead_opportunities WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
        (*parameters, page.size, page.offset),
    )
    links = {
        "first": 1,
        "last": last,
        "next": page.number + 1 if page.number < last else None,
        "prev": page.number - 1 if page.number > 1 else None,
    }
    items = [_show(connection, request, row[0]) for row in rows.fetchall()]
    return ApiResponse(200, {"items": items, "links": links})


def fetch(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Return one lead opportunity. Raise `ApiError` (404)."""
    return ApiResponse(200, _show(connection, request, _load(connection, request).id))


def create(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Create a lead opportunity, and a contact if none is named. Raise `ApiError` (400)."""
    payload, resource = request.payload, RESOURCES[PATH]
    names = ("first_name", "last_name", "source")
    if not all(payload.get(name) for name in names) or not (payload.get("phone") or payload.get("email")):
        raise ApiError(400, _REQUIRED)
    plain = opportunities.text_values(payload)
    product = opportunities.new_product(payload.get("product"))
    stage = opportunities.parse_stage(payload.get("stage"))
    assigned = opportunities.assigned_user(connection, request)
    owner = lead_contacts.default_owner(connection, request) if assigned is None else assigned
    contact = _contact(connection, request, owner)
    number, timestamp = next_id(connection, resource), opportunities.timestamp(request)
    record = Record(number, request.organization, owner, resource.defaults(), timestamp, timestamp)
    record.attributes |= plain | {"stage": stage or 1}
    opportunities.set_product(record, product)
    record.one = {"contact": contact, "source": opportunities.source(connection, request)}
    records.insert(connection, resource, record)
    id = shown_id(number)
    lead_contacts.add_activity(connection, request, contact, "Lead Opportunity Created", f"{PATH}/{id}")
    return ApiResponse(201, {"id": id, "contact_id": contact})


def update(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Update assignment, stage and the rest, each on its own. The response lists the parts that failed.

    Raise `ApiError` (400, 404) if the request as a whole is invalid.
    """
    record = _load(connection, request)
    contact = request.payload.get("contact_id")
    if contact is None:
        raise ApiError(400, "contact_id is required")
    if str(contact) != str(record.one["contact"]):
        raise ApiError(400, "contact_id is not the contact of this lead opportunity")
    old = records.load(connection, RESOURCES[PATH], request.organization, None, record.id)
    errors = opportunities.apply_update(connection, request, record)
    record.updated = max(opportunities.timestamp(request), record.updated)
    if old is not None:
        records.replace(connection, RESOURCES[PATH], old, record)
    body: dict[str, Any] = {
        "leadOpportunity": {"id": shown_id(record.id), "contact_id": record.one["contact"]}
    }
    return ApiResponse(200, body | ({"errors": errors} if errors else {}))


def shown_id(number: int) -> str:
    """Return the id of a lead opportunity, in the form of a UUID."""
    text = str(identifiers.to_public(RESOURCES[PATH], number))
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _scope(request: ApiRequest) -> tuple[list[str], list[Any]]:
    if request.caller.user is None:
        return ["organization = ?"], [request.organization]
    return ["organization = ?", "owner = ?"], [request.organization, request.caller.user]


def _filters(text: str) -> list[tuple[str, int]]:
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in _FILTERS or not re.fullmatch(r"[0-9]{1,18}", value):
            raise ApiError(400, f"Invalid filter expression: {part}")
        found.append((name, int(value)))
    return found


def _order(text: str) -> str:
    name = text.partition(",")[0].strip().lower()
    if not name:
        return "id"
    column = _SORTS.get(name.removeprefix("-").strip())
    if column is None:
        raise ApiError(400, f"Invalid sort field: '{name.removeprefix('-')}'.")
    return f"{column} {'DESC' if name.startswith('-') else 'ASC'}, id {'DESC' if name.startswith('-') else 'ASC'}"


def _load(connection: sqlite3.Connection, request: ApiRequest) -> Record:
    number = identifiers.to_number_or_none(RESOURCES[PATH], request.id.replace("-", ""))
    found = (
        None
        if number is None
        else records.load(connection, RESOURCES[PATH], request.organization, request.caller.user, number)
    )
    if found is None:
        raise ApiError(404, f"Object with id '{request.id}' not found", name="message")
    return found


def _contact(connection: sqlite3.Connection, request: ApiRequest, owner: int) -> int:
    given = request.payload.get("contact_id")
    if given is None:
        payload = {name: request.payload.get(name) for name in ("first_name", "last_name", "source", "email")}
        person = payload | {"phone_cell": request.payload.get("phone")}
        if request.payload.get("contact_groups") is not None:
            person["contact_groups"] = request.payload["contact_groups"]
        found = lead_contacts.find_same_person(connection, request, owner, person)
        return lead_contacts.create(connection, request, owner, person) if found is None else found
    number = identifiers.to_number_or_none(RESOURCES["contacts"], given)
    where = (RESOURCES["contacts"], request.organization, request.caller.user)
    if number is None or records.load(connection, *where, number) is None:
        raise ApiError(400, "contact_id does not exist")
    return number


def _show(connection: sqlite3.Connection, request: ApiRequest, number: int) -> dict[str, Any]:
    record = records.load(connection, RESOURCES[PATH], request.organization, None, number)
    if record is None:
        raise LookupError(number)
    attributes = record.attributes
    return {
        "id": shown_id(number),
        "first_name": attributes["first_name"],
        "last_name": attributes["last_name"],
        "stage": {"id": str(attributes["stage"]), "name": opportunities.STAGES[attributes["stage"] - 1]},
        "product": attributes["product"],
        "source": opportunities.shown_source(connection, record),
        "assigned_user_id": record.owner,
        "legacy_contact_id": record.one["contact"],
        "created_at": opportunities.to_iso(record.created),
        "updated_at": opportunities.to_iso(record.updated),
    }


LEAD_OPPORTUNITIES = Endpoint(
    path=PATH,
    scopes=("leadOpportunitiesSalesPipelineInteraction",),
    collection={"GET": fetch_page, "POST": create},
    item={"GET": fetch, "PATCH": update},
    assumptions=(
        "Undocumented errors: 400 with a message.",
        "An unknown filter, or one that is not a number, gets the same error as a malformed filter.",
        "`source` becomes an object with an id per organization. The id of a stage is a string.",
        "A lead opportunity without an assigned user goes to the caller or, for an admin, to the first active loan"
        " officer. A contact is created for that user unless they have one with the same name and email address or"
        " phone number.",
        "A product's value must be in the published list, if there is one. Case is ignored.",
        "The response to an update has `errors` only if a part failed. As in the published responses, attribution,"
        " referrer, email address and phone number are not shown.",
    ),
)
