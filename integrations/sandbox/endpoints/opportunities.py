"""What a lead opportunity consists of: stages, products and their values, sources and assignment."""

from __future__ import annotations

import sqlite3
from typing import Any

from ..engine import crud
from ..engine.responses import Refusal
from ..engine.schema import identifiers, values
from ..engine.schema.record import Record
from ..engine.schema.registry import RESOURCES
from .endpoint import Asked

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
_ANSWERS = ("Yes", "No", "Unknown")
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
    "found_home": _ANSWERS,
    "veteran": _ANSWERS,
    "first_time_buyer": _ANSWERS,
}
_PLAIN = "first_name last_name email phone referred_by utm_source utm_campaign utm_medium"


def stamp(asked: Asked) -> str:
    """The time of a request as it is stored."""
    return values.stamp_of(asked.now)


def iso(stored: str) -> str:
    """A stored time as this endpoint shows it, e.g. `2026-01-31T09:00:00Z`."""
    return f"{stored.replace(' ', 'T')}Z"


def plain_values(payload: dict[str, Any]) -> dict[str, Any]:
    """The texts that were sent, but for the source, which is a record. Raises `Refusal` (400) for one that is none."""
    given = {name: payload[name] for name in (*_PLAIN.split(), "source") if name in payload}
    for name, value in given.items():
        if value is not None and not isinstance(value, (str, int)):
            raise Refusal(400, f"{name} must be a text")
    given.pop("source", None)
    return {name: None if value is None else str(value) for name, value in given.items()}


def new_product(given: Any) -> dict[str, Any] | None:
    """A product as it is sent with a new lead. Raises `Refusal` (400)."""
    if given is None:
        return None
    kind, chosen = (given.get("type"), given.get("values")) if isinstance(given, dict) else (None, None)
    if not kind or not isinstance(chosen, dict):
        raise Refusal(400, "product.type and product.values must be provided together")
    if not chosen.get("loan_purpose"):
        raise Refusal(400, "product.values.loan_purpose is required")
    _check_values(chosen)
    return {"type": str(kind), "values": chosen}


def merged_product(current: dict[str, Any] | None, given: Any) -> dict[str, Any]:
    """A product after an update of some of its values. Raises `Refusal` (400)."""
    if current is None:
        return new_product(given) or {}
    if not isinstance(given, dict) or not isinstance(given.get("values", {}), dict):
        raise Refusal(400, "product.values must be an object")
    chosen = given.get("values", {})
    _check_values(chosen)
    return {"type": given.get("type") or current["type"], "values": {**current["values"], **chosen}}


def _check_values(chosen: dict[str, Any]) -> None:
    for name, allowed in _CHOICES.items():
        value = chosen.get(name)
        if value is not None and str(value).casefold() not in {choice.casefold() for choice in allowed}:
            raise Refusal(400, f"product.values.{name} must be one of: {', '.join(allowed)}")


def set_product(record: Record, product: dict[str, Any] | None) -> None:
    """Give a lead opportunity its product, and the loan purpose that lists are sorted by."""
    record.attributes["product"] = product
    record.attributes["loan_purpose"] = product["values"].get("loan_purpose") if product else None


def stage_of(given: Any) -> int | None:
    """The number of a stage given by id or name; None where none was sent. Raises `Refusal` (400)."""
    if given is None:
        return None
    if isinstance(given, dict):
        id, name = str(given.get("id", "")).strip(), str(given.get("name", ""))
        if id.isascii() and id.isdigit() and 1 <= int(id) <= len(STAGES):
            return int(id)
        names = [_bare(stage) for stage in STAGES]
        if not id and _bare(name) in names:
            return names.index(_bare(name)) + 1
    raise Refusal(400, "stage.id must be the id of a stage")


def _bare(name: str) -> str:
    return name.replace(" ", "").replace("-", "").casefold()


def assigned_user(connection: sqlite3.Connection, asked: Asked) -> int | None:
    """The active user named in `assigned_user`, or None where nobody is. Raises `Refusal` (400)."""
    given = asked.payload.get("assigned_user")
    named = given if isinstance(given, dict) else {}
    if given is None and asked.payload.get("assigned_user_id") is not None:
        named = {"user_id": asked.payload["assigned_user_id"]}
    elif given is None:
        return None
    column, value = "a_email", named.get("email")
    if named.get("user_id"):
        column, value = "id", identifiers.read_or_none(RESOURCES["users"], named["user_id"])
    row = connection.execute(
        f"SELECT id FROM users WHERE organization = ? AND a_status = 1 AND {column} = ?",
        (asked.organization, value if isinstance(value, (str, int)) else None),
    ).fetchone()
    if row is None:
        raise Refusal(400, "assigned_user does not exist")
    return int(row[0])


def source(connection: sqlite3.Connection, asked: Asked) -> int:
    """The number of the source of this name, which is new where nobody has named it before."""
    save = crud.save_as(connection, asked.caller, asked.now)
    return save("lead-sources", None, {"display_name": str(asked.payload["source"])})


def source_shown(connection: sqlite3.Connection, record: Record) -> dict[str, Any] | None:
    """A lead opportunity's source as it is shown."""
    row = connection.execute(
        "SELECT id, a_display_name FROM lead_sources WHERE id = ?", (record.one["source"],)
    ).fetchone()
    return None if row is None else {"id": row[0], "display_name": row[1]}


def apply(connection: sqlite3.Connection, asked: Asked, record: Record) -> dict[str, str]:
    """Change a record by each of the three parts of an update; returns what is to be told of those that fail."""
    errors, payload = {}, asked.payload
    try:
        record.owner = assigned_user(connection, asked) or record.owner
    except Refusal:
        errors["assignment"] = "Failed to update assignment"
    try:
        record.attributes["stage"] = stage_of(payload.get("stage")) or record.attributes["stage"]
    except Refusal:
        errors["stage"] = "Failed to update stage"
    try:
        plain = plain_values(payload)
        if payload.get("product") is not None:
            set_product(record, merged_product(record.attributes["product"], payload["product"]))
        record.attributes |= plain
        if payload.get("source"):
            record.one["source"] = source(connection, asked)
    except Refusal as refusal:
        errors["leadOpportunity"] = f"Failed to update lead opportunity: {refusal}"
    return errors
