"""Custom values of a record, and their check against the custom field definitions."""

from __future__ import annotations

import re
from typing import Any

from ...engine.errors import ApiError, target_not_found
from ...engine.schema import values
from ...engine.schema.fields import Field, FieldType, Items
from ...engine.schema.hooks import Change

CUSTOM = Items(
    "custom",
    (Field("description", assignable=False), Field("field_name"), Field("value", FieldType.ANY)),
    keys=("field_name",),
    value_field="value",
)


def check(change: Change, entity: str) -> None:
    """Check the custom values of a record and add their descriptions. `entity` is the type they belong to.

    Raise `ApiError` (422) for an undefined field or an invalid value.
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
            raise ApiError(422, f"Invalid value for attribute: '{value['field_name']}'")


def _fits(kind: str, value: Any) -> bool:
    text = str(value).strip()
    if kind == "boolean":
        return values.parse_boolean(value) is not None
    if kind in ("integer", "decimal"):
        fraction = r"(\.\d+)?" if kind == "decimal" else ""
        return re.fullmatch(r"[+-]?\d+" + fraction, text) is not None
    return not isinstance(value, (dict, list))
