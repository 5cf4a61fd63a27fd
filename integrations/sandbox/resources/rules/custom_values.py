"""Custom values of a record: the list of them, and how they are checked against their definitions."""

from __future__ import annotations

import re
from typing import Any

from ...engine.responses import Refusal, target_not_found
from ...engine.schema import values
from ...engine.schema.hooks import Change
from ...engine.schema.resource import Field, Items, Kind

CUSTOM = Items(
    "custom",
    (Field("description", assignable=False), Field("field_name"), Field("value", Kind.ANY)),
    keys=("field_name",),
    value_field="value",
)


def check(change: Change, entity: str) -> None:
    """Describe the custom values of a record as their definitions do; `entity` is what those relate to.

    Raises `Refusal` (422) for a field that is not defined, or a value that is not of its kind.
    """
    if "custom" not in change.payload:
        return
    rows = change.connection.execute(
        "SELECT a_system_name, json_extract(hidden, '$.description'), a_data_type FROM schema_custom_fields"
        " WHERE organization = ? AND json_extract(attributes, '$.related_entity.entity_type') = ?",
        (change.organization.id, entity),
    )
    definitions = {name: (description, kind) for name, description, kind in rows.fetchall()}
    for value in change.record.attributes.get("custom", ()):
        if value["field_name"] not in definitions:
            raise target_not_found("custom")
        value["description"], kind = definitions[value["field_name"]]
        if not _fits(kind, value["value"]):
            raise Refusal(422, f"Invalid value for attribute: '{value['field_name']}'")


def _fits(kind: str, value: Any) -> bool:
    text = str(value).strip()
    if kind == "boolean":
        return values.flag(value) is not None
    if kind in ("integer", "decimal"):
        fraction = r"(\.\d+)?" if kind == "decimal" else ""
        return re.fullmatch(r"[+-]?\d+" + fraction, text) is not None
    return not isinstance(value, (dict, list))
