"""Parts of a lead opportunity: stages, products, sources and assignment."""

from __future__ import annotations

import sqlite3
from typing import Any

from ..engine import crud
from ..engine.errors import ApiError
from ..engine.schema import identifiers, values
from ..engine.schema.record import Record
from ..engine.schema.registry import RESOURCES
from .endpoint import ApiRequest

STAGES = (
    "New Lead",
    "Contact Attempted",
    "Engaged",
    "Application Started",
    "Application Submitted",
    "Pre-Approved",
    "In Process",
    "Closed",
)
_YES_NO_UNKNOWN = ("Yes", "No", "Unknown")
_CHOICES = {
    "loan_purpose": (
        "Purchase",
        "Refinance - No Cash Out",
        "Refinance - Cash Out",
        "HELOC",
        "Home Equity Loan",
        "Reverse Mortgage",
        "Second Mortgage",
        "Construction Loan",
        "Other",
        "TBD",
    ),
    "property_type": (
        "Single-Family",
        "2-4 Unit",
        "Condo",
        "Co-op",
        "Manufactured Housing",
        "Planned Unit Development (PUD)",
        "Other",
    ),
    "occupancy": ("Primary Residence", "Second Home", "Investment", "Other"),
    "self_reported_credit_rating": ("Excellent", "Good", "Fair", "Poor"),
    "desired_timeframe": ("Next 30 days", "3 months", "6 months", "6+ months"),
    "found_home": _YES_NO_UNKNOWN,
    "veteran": _YES_NO_UNKNOWN,
    "first_time_buyer": _YES_NO_UNKNOWN,
}
_PLAIN = "first_name last_name email phone referred_by utm_source utm_campaign utm_medium"


def timestamp(request: ApiRequest) -> str:
    """Return the time of a request as it is stored."""
    return values.format_timestamp(request.now)


def to_iso(stored: str) -> str:
    """Format a stored time like this endpoint does, e.g. `2026-01-31T09:00:00Z`."""
    return f"{stored.replace(' ', 'T')}Z"


def text_values(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the strings that were sent, without the source, which is a record. Raise `ApiError` (400)."""
    given = {name: payload[name] for name in (*_PLAIN.split(), "source") if name in payload}
    for name, value in given.items():
        if value is not None and not isinstance(value, (str, int)):
            raise ApiError(400, f"{name} must be a string")
    given.pop("source", None)
    return {name: None if value is None else str(value) for name, value in given.items()}


def new_product(given: Any) -> dict[str, Any] | None:
    """Return the product of a new lead opportunity. Raise `ApiError` (400)."""
    if given is None:
        return None
    kind, chosen = (given.get("type"), given.get("values")) if isinstance(given, dict) else (None, None)
    if not kind or not isinstance(chosen, dict):
        raise ApiError(400, "product.type and product.values must be provided together")
    if not chosen.get("loan_purpose"):
        raise ApiError(400, "product.values.loan_purpose is required")
    _check_values(chosen)
    return {"type": str(kind), "values": chosen}


def merged_product(current: dict[str, Any] | None, given: Any) -> dict[str, Any]:
    """Return a product after an update of some of its values. Raise `ApiError` (400)."""
    if current is None:
        return new_product(given) or {}
    if not isinstance(given, dict) or not isinstance(given.get("values", {}), dict):
        raise ApiError(400, "product.values must be an object")
    chosen = given.get("values", {})
    _check_values(chosen)
    return {"type": given.get("type") or current["type"], "values": {**current["values"], **chosen}}


def _check_values(chosen: dict[str, Any]) -> None:
    for name, allowed in _CHOICES.items():
        value = chosen.get(name)
        if value is not None and str(value).casefold() not in {choice.casefold() for choice in allowed}:
            raise ApiError(400, f"product.values.{name} must be one of: {', '.join(allowed)}")


def set_product(record: Record, product: dict[str, Any] | None) -> None:
    """Set the product of a lead opportunity, and the loan purpose that lists are sorted by."""
    record.attributes["product"] = product
    record.attributes["loan_purpose"] = product["values"].get("loan_purpose") if product else None


def parse_stage(given: Any) -> int | None:
    """Return the number of a stage given by id or name, None if none was sent. Raise `ApiError` (400)."""
    if given is None:
        return None
    if isinstance(given, dict):
        id, name = str(given.get("id", "")).strip(), str(given.get("name", ""))
        if id.isascii() and id.isdigit() and 1 <= int(id) <= len(STAGES):
            return int(id)
        names = [_bare(stage) for stage in STAGES]
        if not id and _bare(name) in names:
            return names.index(_bare(name)) + 1
    raise ApiError(400, "stage.id must be the id of a stage")


def _bare(name: str) -> str:
    return name.replace(" ", "").replace("-", "").casefold()


def assigned_user(connection: sqlite3.Connection, request: ApiRequest) -> int | None:
    """Return the active user that `assigned_user` names, or None. Raise `ApiError` (400)."""
    given = request.payload.get("assigned_user")
    named = given if isinstance(given, dict) else {}
    if given is None and request.payload.get("assigned_user_id") is not None:
        named = {"user_id": request.payload["assigned_user_id"]}
    elif given is None:
        return None
    column, value = "a_email", named.get("email")
    if named.get("user_id"):
        column, value = "id", identifiers.to_number_or_none(RESOURCES["users"], named["user_id"])
    row = connection.execute(
        f"SELECT id FROM users WHERE organization = ? AND a_status = 1 AND {column} = ?",
        (request.organization, value if isinstance(value, (str, int)) else None),
    ).fetchone()
    if row is None:
        raise ApiError(400, "assigned_user does not exist")
    return int(row[0])


def source(connection: sqlite3.Connection, request: ApiRequest) -> int:
    """Return the id of the source with this name. It is created if needed."""
    save = crud.save_as(connection, request.caller, request.now)
    return save("lead-sources", None, {"display_name": str(request.payload["source"])})


def shown_source(connection: sqlite3.Connection, record: Record) -> dict[str, Any] | None:
    """Return a lead opportunity's source as responses show it."""
    row = connection.execute(
        "SELECT id, a_display_name FROM lead_sources WHERE id = ?", (record.one["source"],)
    ).fetchone()
    return None if row is None else {"id": row[0], "display_name": row[1]}


def apply_update(connection: sqlite3.Connection, request: ApiRequest, record: Record) -> dict[str, str]:
    """Apply the three parts of an update to a record. Return an error message for each part that fails."""
    errors, payload = {}, request.payload
    try:
        record.owner = assigned_user(connection, request) or record.owner
    except ApiError:
        errors["assignment"] = "Failed to update assignment"
    try:
        record.attributes["stage"] = parse_stage(payload.get("stage")) or record.attributes["stage"]
    except ApiError:
        errors["stage"] = "Failed to update stage"
    try:
        plain = text_values(payload)
        if payload.get("product") is not None:
            set_product(record, merged_product(record.attributes["product"], payload["product"]))
        record.attributes |= plain
        if payload.get("source"):
            record.one["source"] = source(connection, request)
    except ApiError as error:
        errors["leadOpportunity"] = f"Failed to update lead opportunity: {error}"
    return errors
