"""The `filter` and `sort` parameters of lists, as SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ..callers import Caller
from ..errors import ApiError
from ..schema import identifiers, values
from ..schema.fields import Column, FieldType
from ..schema.registry import RESOURCES
from ..schema.resource import Filter, Lookup, Resource, link_table

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
    for expression in re.split(r",(?=[A-Za-z_]+=)", text):
        if not expression.strip():
            continue
        name, _, value = expression.partition("=")
        filter_ = known.get(name.strip())
        if filter_ is None:
            raise ApiError(422, f"Unknown filter: '{name.strip()}'")
        given[filter_.name] = filter_
        part = Selection()
        _BUILDERS[filter_.lookup](part, resource, caller, filter_, value.strip())
        selection.parts.append((filter_, part))
        selection.conditions += part.conditions
        selection.parameters += part.parameters
    for filter_ in given.values():
        if filter_.needs and filter_.needs not in given:
            raise ApiError(422, f"Filter '{filter_.name}' needs the filter '{filter_.needs}'")
    return selection


def _expression(resource: Resource, on: str) -> str:
    if "." in on:
        return f"CAST(json_extract(attributes, '$.{on}') AS TEXT)"
    return f"a_{on}"


def _exact(selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str) -> None:
    attribute = resource.field(filter_.on)
    wanted: Any = value
    if attribute is not None and attribute.column is Column.DIGITS:
        wanted = values.phone_digits(value)
    elif attribute is not None and attribute.type is FieldType.NUMBER:
        wanted = values.read(attribute, value)
    elif attribute is not None and attribute.type is FieldType.BOOLEAN:
        selection.add(
            f"coalesce(a_{filter_.on}, {int(bool(attribute.default))}) = ?", _parse_boolean(filter_, value)
        )
        return
    selection.add(f"{_expression(resource, filter_.on)} = ?", wanted)


def _contains(selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str) -> None:
    if len(value) < SHORTEST_FRAGMENT:
        raise ApiError(422, f"Filter '{filter_.name}' needs at least {SHORTEST_FRAGMENT} characters")
    escaped = re.sub(r"([\\%_])", r"\\\1", value)
    selection.add(f"a_{filter_.on} LIKE ? ESCAPE '\\'", f"%{escaped}%")


def _parse_time(filter_: Filter, value: str) -> str:
    # A plus sign in a query string means a space, so an offset arrives as "…T00:00:00 00:00".
    parsed = values.parse_datetime(re.sub(r"(T[\d:.]+) (\d\d:?\d\d)$", r"\1+\2", value))
    if parsed is None:
        raise ApiError(422, f"Filter '{filter_.name}' needs a date in ISO 8601")
    return values.format_datetime(parsed)


def _compare_times(
    selection: Selection, resource: Resource, filter_: Filter, compares: str, value: str
) -> None:
    """Compare `created` or `updated`, or an attribute that is a time."""
    attribute, moment = resource.field(filter_.on), _parse_time(filter_, value)
    column = f"a_{filter_.on}" if attribute else filter_.on
    stamped = attribute is not None and attribute.type is FieldType.TIMESTAMP
    selection.add(f"{column} {compares} ?", values.to_iso(moment) if stamped else moment)


def _gte(selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str) -> None:
    _compare_times(selection, resource, filter_, ">=", value)


def _lte(selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str) -> None:
    _compare_times(selection, resource, filter_, "<=", value)


def _owner(selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str) -> None:
    column = "id" if filter_.by == "id" else f"a_{filter_.by}"
    selection.add(
        f"owner IN (SELECT id FROM users WHERE organization = ? AND {column} = ?)",
        caller.organization.id,
        _target_value(RESOURCES["users"], filter_.by, value),
    )


def _to_many(selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str) -> None:
    relationship = next(candidate for candidate in resource.to_many if candidate.name == filter_.on)
    target = RESOURCES[relationship.target]
    column = "id" if filter_.by == "id" else f"a_{filter_.by}"
    selection.add(
        f"id IN (SELECT record FROM {link_table(resource, relationship)} WHERE target IN"
        f" (SELECT id FROM {target.table} WHERE organization = ? AND {column} = ?))",
        caller.organization.id,
        _target_value(target, filter_.by, value),
    )


def _to_one(selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str) -> None:
    conditions, parameters = [], []
    for name in filter_.on.split():
        relationship = next(candidate for candidate in resource.to_one if candidate.name == name)
        target = RESOURCES[relationship.target]
        column = "id" if filter_.by == "id" else f"a_{filter_.by}"
        conditions.append(
            f"{name} IN (SELECT id FROM {target.table} WHERE organization = ? AND {column} = ?)"
        )
        parameters += [caller.organization.id, _target_value(target, filter_.by, value)]
    selection.add(f"({' OR '.join(conditions) or '0'})", *parameters)


def _role(selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str) -> None:
    selection.add(f"{value} IS NOT NULL" if value in filter_.on.split() else "0")


def _linked_gte(
    selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str
) -> None:
    _linked(selection, resource, filter_, ">=", value)


def _linked_lte(
    selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str
) -> None:
    _linked(selection, resource, filter_, "<=", value)


def _linked(selection: Selection, resource: Resource, filter_: Filter, compares: str, value: str) -> None:
    relationship = next(candidate for candidate in resource.to_many if candidate.name == filter_.on)
    links = link_table(resource, relationship)
    selection.add(f"id IN (SELECT record FROM {links} WHERE since {compares} ?)", _parse_time(filter_, value))


def _parse_boolean(filter_: Filter, value: str) -> int:
    wanted = values.parse_boolean(value)
    if wanted is None:
        raise ApiError(422, f"Filter '{filter_.name}' needs true or false")
    return int(wanted)


def _archived(selection: Selection, resource: Resource, caller: Caller, filter_: Filter, value: str) -> None:
    selection.add("archived = ?", _parse_boolean(filter_, value))


def _target_value(resource: Resource, by: str, value: str) -> Any:
    """Return the value that a filter by another resource's field compares with. No record has the id -1."""
    if by != "id":
        return value
    number = identifiers.to_number_or_none(resource, value)
    return -1 if number is None else number


_BUILDERS = {
    Lookup.EXACT: _exact,
    Lookup.CONTAINS: _contains,
    Lookup.GTE: _gte,
    Lookup.LTE: _lte,
    Lookup.OWNER: _owner,
    Lookup.TO_MANY: _to_many,
    Lookup.ARCHIVED: _archived,
    Lookup.TO_ONE: _to_one,
    Lookup.ROLE: _role,
    Lookup.LINKED_GTE: _linked_gte,
    Lookup.LINKED_LTE: _linked_lte,
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
