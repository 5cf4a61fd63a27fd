"""The contacts that a person chose in the list: rows picked one by one, or everything that matches a search."""

from dataclasses import dataclass
from typing import Self

from django.http import QueryDict

from integrations.connections.models import Installation
from integrations.directory.browse.selection import Selection
from integrations.directory.models import ContactQuerySet
from portal.core.parameters import read_id

#: The most contacts that can be picked one by one. `settings.DATA_UPLOAD_MAX_NUMBER_FIELDS` allows for them.
MOST_IDS = 10_000


@dataclass(frozen=True)
class Chosen:
    """The contacts chosen in the list of ``selection``. ``ids`` None means everything that matches it."""

    selection: Selection
    ids: tuple[int, ...] | None

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        """Return what a form chose.

        The fields are ``query`` (the list's query string), ``all=1`` for everything that matches it, and otherwise one
        ``contact`` for each ID. Invalid IDs are ignored, and so are those after the first `MOST_IDS`. A form without
        ``query`` can't choose everything.
        """
        selection = Selection.read(QueryDict(data.get("query", "")))
        if data.get("all") == "1" and "query" in data:
            return cls(selection, None)
        read = (read_id(text) for text in data.getlist("contact"))
        ids = dict.fromkeys(pk for pk in read if pk is not None)
        return cls(selection, tuple(ids)[:MOST_IDS])

    def apply(self, contacts: ContactQuerySet, installation: Installation) -> ContactQuerySet:
        """Return those of ``contacts`` that are in an installation and were chosen."""
        if self.ids is None:
            return self.selection.apply(contacts, installation)
        return contacts.filter(installation=installation, pk__in=self.ids)
