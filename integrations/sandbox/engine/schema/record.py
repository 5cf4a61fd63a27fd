"""Records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """One record of a resource.

    `attributes` are shown to clients, `hidden` are not. `one` and `many` hold the ids of related records by
    relationship. `created` and `updated` are strings, see `values.format_datetime`.
    """

    id: int
    organization: int
    owner: int | None
    attributes: dict[str, Any]
    created: str
    updated: str
    archived: bool = False
    hidden: dict[str, Any] = field(default_factory=dict)
    one: dict[str, int | None] = field(default_factory=dict)
    many: dict[str, set[int]] = field(default_factory=dict)
