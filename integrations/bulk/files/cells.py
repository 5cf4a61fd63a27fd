"""The cells of a row as values: what is wrong with them, by their columns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from integrations.bulk.fields import FIELDS, Value
from integrations.bulk.files.mapping import CUSTOM, FIELD, GROUPS, OWNER, Mapping
from integrations.bulk.files.owners import Owners
from integrations.bulk.files.readers.tables import Row, letter
from integrations.directory.models import Owner
from portal.core import csv_lines, text
from portal.core.errors import Refused

#: The longest value of a custom field, and the most groups that a row can name.
LONGEST_CUSTOM, MOST_GROUPS = 500, 20
#: How spreadsheet programs keep a number as text, such as the ZIP code ="02134".
_KEPT_AS_TEXT = re.compile(r'="([^"=]*)"')
#: What a download puts an apostrophe before, so that no spreadsheet program runs it.
_NEUTRALIZED = re.compile(r"'[=+\-@＝＋－＠\t\r\n]")
_ERRORS = {"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}


@dataclass
class Values:
    """What a row says about a contact. ``problems`` are sentences; with any of them the row is refused.

    ``has_default_source`` means that its source is the one for contacts without one.
    """

    fields: dict[str, Value] = field(default_factory=dict)
    custom: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    owner: Owner | None = None
    has_default_source: bool = False
    problems: list[str] = field(default_factory=list)


class CellReader:
    """Reads rows as a mapping says. An empty cell says nothing: what the contact has stays."""

    def __init__(self, mapping: Mapping, heads: Sequence[str], owners: Owners) -> None:
        self._mapping, self._heads, self._owners = mapping, heads, owners
        self._owner = owners.find(str(mapping.owner)) if mapping.owner is not None else None
        self._columns = [(place, target) for place, target in enumerate(mapping.columns) if target]

    def read(self, row: Row) -> Values:
        """Return what a row says."""
        found = Values(owner=self._owner, groups=list(self._mapping.groups))
        extra = next((p for p, cell in enumerate(row.cells) if p >= len(self._heads) and cell.strip()), None)
        if extra is not None:
            found.problems.append(
                f"Column {letter(extra)}: the row has more cells than the first row has names. Check its separators."
            )
            return found
        for place, target in self._columns:
            given = row.cells[place] if place < len(row.cells) else ""
            try:
                if value := _unprotected(given):
                    self._put(found, target, value)
            except Refused as refused:
                found.problems.append(f"Column {letter(place)} ({self._heads[place]}): {refused}")
        if self._mapping.source and "source" not in found.fields:
            found.fields["source"], found.has_default_source = self._mapping.source, True
        return found

    def _put(self, found: Values, target: str, value: str) -> None:
        if target.startswith(FIELD):
            name = target.removeprefix(FIELD)
            cleaned = FIELDS[name].clean(value)
            if cleaned is not None:
                found.fields[name] = cleaned
        elif target.startswith(CUSTOM):
            found.custom[target.removeprefix(CUSTOM)] = _custom(value)
        elif target == OWNER:
            found.owner = self._owners.find(value)
        elif target == GROUPS:
            names = [name for part in value.split(";") if (name := text.clean(part))]
            if len(names) > MOST_GROUPS:
                raise Refused(f"At most {MOST_GROUPS} groups can be named.")
            found.groups += names


def _unprotected(cell: str) -> str:
    """Return a cell's text without the marks by which spreadsheet programs keep it from being run. Raise Refused."""
    if "\0" in cell:
        raise Refused("The cell has a character that no text contains. Type its value again.")
    value = text.clean(csv_lines.without_inner_apostrophes(cell))
    if kept := _KEPT_AS_TEXT.fullmatch(value):
        return kept[1].strip()
    if _NEUTRALIZED.match(value):
        return value[1:]
    if value.startswith("="):
        raise Refused("The cell has a formula. Replace it with its value.")
    if value in _ERRORS:
        raise Refused(f"The cell has the error {value} of a spreadsheet program.")
    return value


def _custom(value: str) -> str:
    if len(value) > LONGEST_CUSTOM or not text.without_joiners(value).isprintable():
        raise Refused(
            f"It is longer than {LONGEST_CUSTOM} characters or contains some that can't be displayed."
        )
    return value
