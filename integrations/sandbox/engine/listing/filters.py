"""The `filter` and `sort` parameters of lists, as SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ..callers import Caller
from ..errors import ApiError
from ..schema import identifiers, values
from ..schema.registry import RESOURCES
from ..schema.resource import Column, FieldType, Filter, Lookup, Resource, link_table

SHORTEST_FRAGMENT = 3
_TIMES = {"internal_created_at": "created", "internal_updated_at": "updated", "id": "id"}


@dataclass
class Selection:
    """SQL conditions with their parameters, and `parts`, the same for each filter."""

    conditions: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)
    parts: list[tuple[Filter, Selection]] = field(default_factory=list)

    def add(self, condition: str, *parameters: Any) -> None:
        """Add a condition."""
        self.conditions.append(condition)
        self.parameters.extend(parameters)


def select(resource: Resource, caller: Caller, text: str) -> Selection:
    """Parse a `filter` parameter, e.g. `last_name=Lee,internal_updated_at_start=2026-01-31T00:00:00Z`.

    Raise `ApiError` (422) for an unknown filter or an invalid value.
    """
    selection = Selection()
    known = {candidate.name: candidate for candidate in resource.filters}
    given: dict[str, Filter] = {}
    for part in re.split(r",(?=[A-Za-z_]+=)", text):
        if not part.strip():
            continue
        name, _, value = part.partition("=")
        found = known.get(name.strip())
        if found is None:
            raise ApiError(422, f"Unknown filter: '{name.strip()}'")
        given[found.name] = found
        piece = Selection()
        _BUILDERS[found.lookup](piece, resource, caller, found, value.strip())
        selection.parts.append((found, piece))
        selection.conditions += piece.conditions
        selection.parameters += piece.parameters
    for found in given.values():
        if found.needs and found.needs not in given:
            raise ApiError(422, f"Filter '{found.name}' needs the filter '{found.needs}'")
    return selection


def _expression(resource: Resource, on: str) -> str:
    if "." in on:
        return f"CAST(json_extract(attributes, '$.{on}') AS TEXT)"
    return f"a_{on}"


def _equals(selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str) -> None:
    attribute = resource.field(found.on)
    wanted: Any = value
    if attribute is not None and attribute.column is Column.DIGITS:
        wanted = values.phone_digits(value)
    elif attribute is not None and attribute.type is FieldType.NUMBER:
        wanted = values.read(attribute, value)
    elif attribute is not None and attribute.type is FieldType.BOOLEAN:
        selection.add(f"coalesce(a_{found.on}, {int(bool(attribute.default))}) = ?", _flag(found, value))
        return
    selection.add(f"{_expression(resource, found.on)} = ?", wanted)


def _contains(selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str) -> None:
    if len(value) < SHORTEST_FRAGMENT:
        raise ApiError(422, f"Filter '{found.name}' needs at least {SHORTEST_FRAGMENT} characters")
    escaped = re.sub(r"([\\%_])", r"\\\1", value)
    selection.add(f"a_{found.on} LIKE ? ESCAPE '\\'", f"%{escaped}%")


def _moment(found: Filter, value: str) -> str:
    # A plus sign in a query is a space: what looks like "…T00:00:00 00:00" was an offset.
    parsed = values.parse_datetime(re.sub(r"(T[\d:.]+) (\d\d:?\d\d)$", r"\1+\2", value))
    if parsed is None:
        raise ApiError(422, f"Filter '{found.name}' needs a date in ISO 8601")
    return values.format_datetime(parsed)


def _compare_times(
    selection: Selection, resource: Resource, found: Filter, compares: str, value: str
) -> None:
    """Compare `created` or `updated`, or an attribute that is a time."""
    attribute, moment = resource.field(found.on), _moment(found, value)
    column = f"a_{found.on}" if attribute else found.on
    stamped = attribute is not None and attribute.type is FieldType.TIMESTAMP
    selection.add(f"{column} {compares} ?", values.to_iso(moment) if stamped else moment)


def _from(selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str) -> None:
    _compare_times(selection, resource, found, ">=", value)


def _until(selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str) -> None:
    _compare_times(selection, resource, found, "<=", value)


def _owner(selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str) -> None:
    column = "id" if found.by == "id" else f"a_{found.by}"
    selection.add(
        f"owner IN (SELECT id FROM users WHERE organization = ? AND {column} = ?)",
        caller.organization.id,
        _named(RESOURCES["users"], found.by, value),
    )


def _member(selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str) -> None:
    relationship = next(candidate for candidate in resource.to_many if candidate.name == found.on)
    target = RESOURCES[relationship.target]
    column = "id" if found.by == "id" else f"a_{found.by}"
    selection.add(
        f"id IN (SELECT record FROM {link_table(resource, relationship)} WHERE target IN"
        f" (SELECT id FROM {target.table} WHERE organization = ? AND {column} = ?))",
        caller.organization.id,
        _named(target, found.by, value),
    )


def _target(selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str) -> None:
    conditions, parameters = [], []
    for name in found.on.split():
        relationship = next(candidate for candidate in resource.to_one if candidate.name == name)
        target = RESOURCES[relationship.target]
        column = "id" if found.by == "id" else f"a_{found.by}"
        conditions.append(
            f"{name} IN (SELECT id FROM {target.table} WHERE organization = ? AND {column} = ?)"
        )
        parameters += [caller.organization.id, _named(target, found.by, value)]
    selection.add(f"({' OR '.join(conditions) or '0'})", *parameters)


def _role(selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str) -> None:
    selection.add(f"{value} IS NOT NULL" if value in found.on.split() else "0")


def _linked_from(selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str) -> None:
    _linked(selection, resource, found, ">=", value)


def _linked_until(
    selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str
) -> None:
    _linked(selection, resource, found, "<=", value)


def _linked(selection: Selection, resource: Resource, found: Filter, compares: str, value: str) -> None:
    relationship = next(candidate for candidate in resource.to_many if candidate.name == found.on)
    links = link_table(resource, relationship)
    selection.add(f"id IN (SELECT record FROM {links} WHERE since {compares} ?)", _moment(found, value))


def _flag(found: Filter, value: str) -> int:
    wanted = values.parse_boolean(value)
    if wanted is None:
        raise ApiError(422, f"Filter '{found.name}' needs true or false")
    return int(wanted)


def _archived(selection: Selection, resource: Resource, caller: Caller, found: Filter, value: str) -> None:
    selection.add("archived = ?", _flag(found, value))


def _named(resource: Resource, by: str, value: str) -> Any:
    """Return the value that a filter by another resource's field compares with. No record has the id -1."""
    if by != "id":
        return value
    number = identifiers.to_number_or_none(resource, value)
    return -1 if number is None else number


_BUILDERS = {
    Lookup.EXACT: _equals,
    Lookup.CONTAINS: _contains,
    Lookup.GTE: _from,
    Lookup.LTE: _until,
    Lookup.OWNER: _owner,
    Lookup.TO_MANY: _member,
    Lookup.ARCHIVED: _archived,
    Lookup.TO_ONE: _target,
    Lookup.ROLE: _role,
    Lookup.LINKED_GTE: _linked_from,
    Lookup.LINKED_LTE: _linked_until,
}


def order(resource: Resource, text: str) -> list[tuple[str, bool]]:
    """Parse a `sort` parameter into SQL expressions, each with whether it descends.

    The id always comes last, so that pages are stable.
    """
    orders: list[tuple[str, bool]] = []
    times = _TIMES | dict(zip(resource.time_names, ("created", "updated"), strict=True))
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, descends = part.lstrip("+-"), part.startswith("-")
        attribute = resource.field(name)
        if name in times:
            orders.append((times[name], descends))
        elif attribute is not None and attribute.shown:
            column = attribute.column is not Column.NONE
            orders.append((f"a_{name}" if column else f"json_extract(attributes, '$.{name}')", descends))
        else:
            raise ApiError(422, f"Unable to sort by: '{name}'")
        if name == "id":
            return orders
    return [*orders, ("id", orders[-1][1] if orders else False)]
