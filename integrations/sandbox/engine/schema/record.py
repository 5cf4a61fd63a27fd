"""One record of a resource, as the engine works on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """One record. `attributes` are those shown, times and id included; `one` and `many` hold ids of related
    records.
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
