"""Rendering records as JSON text.

Attributes are stored as JSON text and are not parsed again. Related records are looked up once per page, so a renamed
group shows at once on every contact.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from .callers import Caller
from .schema import identifiers, values
from .schema.registry import RESOURCES
from .schema.resource import OWNER, Ownership, Relationship, Resource, link_table


def render(
    connection: sqlite3.Connection, resource: Resource, caller: Caller, ids: Sequence[int]
) -> list[str]:
    """Return the JSON text of each record, in the given order. Unknown ids are left out."""
    if not ids:
        return []
    to_one = _visible_to_one(resource, caller)
    columns = "".join(f", {relationship.name}" for relationship in to_one)
    marks = ",".join("?" * len(ids))
    rows = connection.execute(
        f"SELECT id, attributes{columns} FROM {resource.table} WHERE id IN ({marks})", tuple(ids)
    ).fetchall()
    texts = {row[0]: [row[1][:-1]] for row in rows}
    for position, relationship in enumerate(to_one, 2):
        _add_to_one(connection, relationship, caller, texts, {row[0]: row[position] for row in rows})
    for relationship in resource.to_many:
        _add_to_many(connection, resource, relationship, caller, texts)
    if resource.hooks is not None:
        computed = resource.hooks().computed_attributes(connection, caller.organization, list(texts))
        for id, extras in computed.items():
            texts[id] += [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in extras.items()]
    return [", ".join(texts[id]) + "}" for id in ids if id in texts]


def _visible_to_one(resource: Resource, caller: Caller) -> tuple[Relationship, ...]:
    shows_owner = resource.ownership is Ownership.SHOWN_TO_USER or (resource.owned and caller.is_admin)
    visible = tuple(relationship for relationship in resource.to_one if relationship.shown_fields)
    return (OWNER, *visible) if shows_owner else visible


def _add_to_one(
    connection: sqlite3.Connection,
    relationship: Relationship,
    caller: Caller,
    texts: dict[int, list[str]],
    targets: dict[int, int | None],
) -> None:
    shown = _fragments(connection, relationship, caller, {target for target in targets.values() if target})
    for record, target in targets.items():
        if target in shown:
            texts[record].append(f'"{relationship.name}": {shown[target]}')
        elif relationship.always_shown:
            texts[record].append(f'"{relationship.name}": null')


def _add_to_many(
    connection: sqlite3.Connection,
    resource: Resource,
    relationship: Relationship,
    caller: Caller,
    texts: dict[int, list[str]],
) -> None:
    marks = ",".join("?" * len(texts))
    links: dict[int, list[tuple[int, str]]] = defaultdict(list)
    since = "since" if relationship.linked_at else "''"
    rows = connection.execute(
        f"SELECT record, target, {since} FROM {link_table(resource, relationship)} WHERE record IN ({marks})",
        tuple(texts),
    )
    for record, target, time in rows:
        links[record].append((target, time))
    shown = _fragments(
        connection, relationship, caller, {target for targets in links.values() for target, _ in targets}
    )
    for record, text in texts.items():
        found = [
            _stamped(relationship, shown[target], time)
            for target, time in links.get(record, ())
            if target in shown
        ]
        if found or relationship.always_shown:
            text.append(f'"{relationship.name}": [{", ".join(found)}]')


def _stamped(relationship: Relationship, fragment: str, since: str) -> str:
    if not relationship.linked_at:
        return fragment
    return f'{fragment[:-1]}, "{relationship.linked_at}": "{values.to_iso(since)}"}}'


def _fragments(
    connection: sqlite3.Connection, relationship: Relationship, caller: Caller, targets: set[int]
) -> dict[int, str]:
    if not targets:
        return {}
    target = RESOURCES[relationship.target]
    columns = ", ".join("id" if name == "id" else f"a_{name}" for name in relationship.shown_fields)
    marks = ",".join("?" * len(targets))
    rows = connection.execute(
        f"SELECT id, {columns} FROM {target.table} WHERE id IN ({marks})", tuple(targets)
    )
    id_as_text = target.path == "users" and not caller.is_admin
    fragments = {}
    for row in rows:
        shown = dict(zip(relationship.shown_fields, row[1:], strict=True))
        if "id" in shown:
            shown["id"] = str(row[0]) if id_as_text else identifiers.to_public(target, row[0])
        fragments[row[0]] = json.dumps(shown)
    return fragments
