"""Assigning a request's payload to a record: attributes, sections, items and relationships. Unknown names are ignored."""

from __future__ import annotations

from typing import Any

from . import relationships
from .errors import ApiError
from .schema import values
from .schema.fields import Field, Items, Section
from .schema.hooks import Change
from .schema.resource import Relationship, Resource


def assign(resource: Resource, change: Change, *, new: bool) -> None:
    """Assign the payload to the record. A new record gets its defaults first. Raise `ApiError` (422)."""
    if new:
        change.record.attributes.update(resource.defaults())
    attributes, payload = change.record.attributes, change.payload
    for field in resource.fields:
        if field.name in payload and field.assignable and (new or not field.fixed):
            value = values.read(field, payload[field.name])
            (attributes if field.shown else change.record.hidden)[field.name] = value
    for section in resource.sections:
        if section.name in payload:
            _merge_section(section, attributes, payload[section.name])
    for items in resource.items:
        _merge_items(items, attributes, payload)
    for relationship in resource.relationships:
        if not relationship.allows_nested:
            _relate(relationship, change)


def _read_fields(fields: tuple[Field, ...], value: dict[str, Any]) -> dict[str, Any]:
    return {field.name: values.read(field, value[field.name]) for field in fields if field.name in value}


def _merge_section(section: Section, attributes: dict[str, Any], value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise ApiError(422, f"Invalid value for attribute: '{section.name}'")
    current = attributes.get(section.name) or section.defaults()
    attributes[section.name] = {**current, **_read_fields(section.fields, value)}


def _entries(name: str, value: Any) -> list[dict[str, Any]]:
    entries = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(entry, dict) for entry in entries):
        raise ApiError(422, f"Invalid value for attribute: '{name}'")
    return entries


def _merge_items(items: Items, attributes: dict[str, Any], payload: dict[str, Any]) -> None:
    current: list[dict[str, Any]] = attributes.get(items.name, [])
    for entry in _entries(items.name, payload.get(items.name)):
        read = _read_fields(items.fields, entry)
        if any(read.get(name) in (None, "") for name in items.keys):
            raise ApiError(422, f"Invalid value for attribute: '{items.name}'")
        position = _position(items, current, read)
        if items.value_field and read.get(items.value_field) is None:
            current = current[:position] + current[position + 1 :]
        elif position < len(current):
            current = [*current[:position], {**current[position], **read}, *current[position + 1 :]]
        else:
            current = [*current, {field.name: read.get(field.name) for field in items.fields}]
    if items.removed_by:
        for entry in _entries(items.removed_by, payload.get(items.removed_by)):
            position = _position(items, current, entry)
            current = current[:position] + current[position + 1 :]
    if current or items.always_shown:
        attributes[items.name] = current
    else:
        attributes.pop(items.name, None)


def _position(items: Items, current: list[dict[str, Any]], entry: dict[str, Any]) -> int:
    """Return the index of the item with the same keys, or the length of the list. Missing keys match any value."""
    wanted = {name: entry[name] for name in items.keys if entry.get(name) is not None}
    for position, item in enumerate(current):
        if wanted and all(str(item.get(name)) == str(value) for name, value in wanted.items()):
            return position
    return len(current)


def _relate(relationship: Relationship, change: Change) -> None:
    record, payload = change.record, change.payload
    where = (change.connection, relationship, record.organization, record.owner)
    if not relationship.many:
        if relationship.name in payload:
            value = payload[relationship.name]
            record.one[relationship.name] = None if value is None else relationships.find(*where, value)
        return
    targets = set(record.many.get(relationship.name, ()))
    if payload.get(relationship.name) is not None:
        targets |= relationships.find_many(*where, payload[relationship.name])
    if relationship.removed_by and payload.get(relationship.removed_by) is not None:
        targets -= relationships.find_removed(*where, payload[relationship.removed_by])
    record.many[relationship.name] = targets
