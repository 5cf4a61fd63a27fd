"""Which fields of a record a connection shows, and a record reduced to some of them.

Admin connections see fields that a person's own connection doesn't. A contact's stored record is the admin's where there is
one, so a loan officer gets only the fields that a person's connection showed as well.

A field is named by its property; parts of an object by ``property.part``, and custom fields by ``custom.name``.
"""

from collections.abc import Collection
from typing import Any

CUSTOM = "custom"
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def names(raw: dict[str, Any]) -> list[str]:
    """Return the names of the fields of a record that have a value, sorted."""
    found: set[str] = set()
    for name, value in raw.items():
        if name == CUSTOM and isinstance(value, list):
            found |= {f"{CUSTOM}.{_custom_name(each)}" for each in value if _has_value(each)}
        elif isinstance(value, dict):
            found |= {f"{name}.{part}" for part, each in value.items() if each not in _EMPTY}
        elif value not in _EMPTY:
            found.add(name)
    return sorted(found)


def only(raw: dict[str, Any], shown: Collection[str]) -> dict[str, Any]:
    """Return a record with the fields that ``shown`` names."""
    kept: dict[str, Any] = {}
    for name, value in raw.items():
        if name == CUSTOM and isinstance(value, list):
            kept[name] = [each for each in value if f"{CUSTOM}.{_custom_name(each)}" in shown]
        elif isinstance(value, dict):
            kept[name] = {part: each for part, each in value.items() if f"{name}.{part}" in shown}
        elif name in shown:
            kept[name] = value
    return kept


def _custom_name(field: Any) -> str:
    return str(field.get("field_name")) if isinstance(field, dict) else ""


def _has_value(field: Any) -> bool:
    return isinstance(field, dict) and field.get("value") not in _EMPTY
