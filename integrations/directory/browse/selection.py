"""The selection of contacts in an address: search, filters and order, and the query that finds them."""

import datetime as dt
from dataclasses import dataclass, fields, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from integrations.connections.models import Installation
from integrations.directory.browse import required, search_text
from integrations.directory.models import ContactGroup, ContactQuerySet, Membership
from portal.core import paging
from portal.core.parameters import read_id

FLAGS = {"yes": True, "no": False, "unknown": None}
MATCHES = {
    "any": "in any of these groups",
    "all": "in all of these groups",
    "none": "in none of these groups",
}
FLAG_FILTERS = ("ok_to_call", "ok_to_email", "ok_to_mail", "is_silenced", "archived")


@dataclass(frozen=True)
class Order:
    """An order of the list. Each has an index."""

    label: str
    column: str
    descending: bool = False


ORDERS = {
    "name": Order("Name (A–Z)", "sort_name"),
    "-name": Order("Name (Z–A)", "sort_name", descending=True),
    "-updated": Order("Recently updated", "remote_updated_at", descending=True),
    "updated": Order("Least recently updated", "remote_updated_at"),
    "-created": Order("Newest", "remote_created_at", descending=True),
    "created": Order("Oldest", "remote_created_at"),
    "city": Order("City (A–Z)", "sort_city"),
    "-city": Order("City (Z–A)", "sort_city", descending=True),
}
#: What narrows nothing, and stays when the filters are cleared.
_PRESENTATION = ("environment", "sort", "size")
#: The longest values that are read, where they are longer than others.
_LENGTHS = {"missing": 255}


@dataclass(frozen=True)
class Selection:
    """The search, filters and order in an address, and the saved view they began with.

    Values that make no sense count as not given. ``group`` are names, which several owners' groups can have. ``group_id``
    is one group's key. ``missing`` is the name of a required group, or `required.ANY`.
    """

    q: str = ""
    environment: str = ""
    owner: str = ""
    group: tuple[str, ...] = ()
    groups: str = "any"
    group_id: str = ""
    missing: str = ""
    state: str = ""
    source: str = ""
    ok_to_call: str = ""
    ok_to_email: str = ""
    ok_to_mail: str = ""
    is_silenced: str = ""
    archived: str = ""
    updated: str = ""
    gone: str = ""
    sort: str = "name"
    size: str = ""
    view: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Return the selection in an address."""
        given: dict[str, Any] = {
            each.name: query.get(each.name, "").replace("\0", "").strip()[: _LENGTHS.get(each.name, 120)]
            for each in fields(cls)
            if each.name != "group" and each.name in query
        }
        names = (name.replace("\0", "").strip()[:255] for name in query.getlist("group")[:20])
        return cls(**given, group=tuple(dict.fromkeys(name for name in names if name)))._validated()

    def _validated(self) -> Self:
        wrong: dict[str, Any] = {name: "" for name in FLAG_FILTERS if getattr(self, name) not in FLAGS}
        for name in ("owner", "group_id"):
            if getattr(self, name) and read_id(getattr(self, name)) is None:
                wrong[name] = ""
        if self.updated and self.since is None:
            wrong["updated"] = ""
        if self.gone != "yes":
            wrong["gone"] = ""
        if read_id(self.view) is None:
            wrong["view"] = ""
        if self.size not in map(str, paging.SIZES):
            wrong["size"] = ""
        sort = self.sort if self.sort in ORDERS else "name"
        return replace(self, **wrong, sort=sort, groups=self.groups if self.groups in MATCHES else "any")

    @property
    def since(self) -> dt.datetime | None:
        """Return the start of the day in ``updated``, in the current time zone: the viewer's during a request."""
        try:
            day = dt.date.fromisoformat(self.updated)
            return dt.datetime.combine(day, dt.time(), timezone.get_current_timezone()).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            return None

    @property
    def order(self) -> Order:
        return ORDERS[self.sort]

    def query(self, **changes: Any) -> str:
        """Return the query string of this selection with ``changes``. Defaults are left out."""
        changed = replace(self, **changes)
        default = type(self)()
        pairs = [
            (each.name, value)
            for each in fields(changed)
            for value in _as_list(getattr(changed, each.name))
            if getattr(changed, each.name) != getattr(default, each.name)
            and not (each.name == "groups" and not changed.group)
        ]
        return urlencode(pairs)

    @property
    def cleared(self) -> str:
        """Return the query string without search and filters."""
        return type(self)(**{name: getattr(self, name) for name in _PRESENTATION}).query()

    def without(self, name: str, value: str = "") -> str:
        """Return the query string without one filter, or without the group called ``value``."""
        if name == "group":
            return self.query(group=tuple(each for each in self.group if each != value))
        return self.query(**{name: ""})

    @property
    def narrowing(self) -> str:
        """Return the query string of search and filters alone."""
        return self.query(sort="name", environment="", size="", view="")

    @property
    def savable(self) -> str:
        """Return the query string of what a saved view keeps: search, filters and order."""
        return self.query(environment="", size="", view="")

    @property
    def is_narrow(self) -> bool:
        """Return whether there is a search or a filter."""
        return self.narrowing != ""

    @property
    def is_too_short(self) -> bool:
        """Return whether the search is too short to apply."""
        return bool(self.q) and not search_text.terms(self.q)

    def apply(self, contacts: ContactQuerySet, installation: Installation) -> ContactQuerySet:
        """Return those of ``contacts`` that are in an installation and match this selection."""
        contacts = contacts.filter(installation=installation)
        rows = contacts.exclude(gone_at=None) if self.gone else contacts.present()
        for term in search_text.terms(self.q):
            rows = rows.filter(search__contains=term)
        if self.owner:
            rows = rows.filter(owner=int(self.owner))
        for name in ("state", "source"):
            if getattr(self, name):
                rows = rows.filter(**{name: getattr(self, name)})
        for name in FLAG_FILTERS:
            if getattr(self, name):
                rows = rows.filter(_has(name, FLAGS[getattr(self, name)]))
        if self.since is not None:
            rows = rows.filter(remote_updated_at__gte=self.since)
        if self.group_id:
            only = ContactGroup.objects.filter(installation=installation, pk=int(self.group_id))
            rows = rows.filter(pk__in=Membership.objects.filter(group__in=only).values("contact"))
        if self.missing:
            rows = rows.filter(required.lacking(installation, self.missing))
        return self._by_groups(rows, installation) if self.group else rows

    def _by_groups(self, rows: ContactQuerySet, installation: Installation) -> ContactQuerySet:
        def is_in(*names: str) -> Q:
            groups = ContactGroup.objects.filter(installation=installation, name__in=names)
            return Q(pk__in=Membership.objects.filter(group__in=groups).values("contact"))

        if self.groups == "none":
            return rows.exclude(is_in(*self.group))
        if self.groups == "any":
            return rows.filter(is_in(*self.group))
        for name in self.group:
            rows = rows.filter(is_in(name))
        return rows


def _has(name: str, flag: bool | None) -> Q:
    """Return the condition for a flag's value, written so that it can use an index."""
    return Q(**{f"{name}__isnull": True}) if flag is None else Q(**{f"{name}__in": [flag]})


def _as_list(value: str | tuple[str, ...]) -> list[str]:
    return list(value) if isinstance(value, tuple) else [value]
