"""Which contacts somebody asks for: read from an address, written into one, applied to the mirror."""

import datetime as dt
from dataclasses import dataclass, fields, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict

from integrations.connections.models import Installation
from integrations.directory.browse import search_text
from integrations.directory.models import ContactGroup, ContactQuerySet, Membership

FLAGS = {"yes": True, "no": False, "unknown": None}
MATCHES = {
    "any": "in any of these groups",
    "all": "in all of these groups",
    "none": "in none of these groups",
}
FLAG_FILTERS = ("ok_to_call", "ok_to_email", "ok_to_mail", "is_silenced", "archived")


@dataclass(frozen=True)
class Order:
    """A way to sort the list. Each has an index."""

    label: str
    column: str
    descending: bool = False


ORDERS = {
    "name": Order("Name", "sort_name"),
    "-name": Order("Name, from the end", "sort_name", descending=True),
    "-updated": Order("Changed last", "remote_updated_at", descending=True),
    "updated": Order("Changed longest ago", "remote_updated_at"),
    "-created": Order("Newest", "remote_created_at", descending=True),
    "created": Order("Oldest", "remote_created_at"),
    "city": Order("City", "sort_city"),
}


@dataclass(frozen=True)
class Selection:
    """Which contacts are asked for, as the address says it. What can't be understood is left out."""

    q: str = ""
    environment: str = ""
    owner: str = ""
    group: tuple[str, ...] = ()
    groups: str = "any"
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

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """The selection in an address."""
        given: dict[str, Any] = {
            each.name: query.get(each.name, "").replace("\0", "").strip()[:120]
            for each in fields(cls)
            if each.name != "group" and each.name in query
        }
        names = (name.replace("\0", "").strip()[:255] for name in query.getlist("group")[:20])
        return cls(**given, group=tuple(dict.fromkeys(name for name in names if name)))._understood()

    def _understood(self) -> Self:
        wrong: dict[str, Any] = {name: "" for name in FLAG_FILTERS if getattr(self, name) not in FLAGS}
        if self.owner and not (self.owner.isascii() and self.owner.isdigit() and len(self.owner) < 19):
            wrong["owner"] = ""
        if self.updated and self.since is None:
            wrong["updated"] = ""
        if self.gone != "yes":
            wrong["gone"] = ""
        sort = self.sort if self.sort in ORDERS else "name"
        return replace(self, **wrong, sort=sort, groups=self.groups if self.groups in MATCHES else "any")

    @property
    def since(self) -> dt.datetime | None:
        """The beginning of the day after which contacts must have changed, in UTC."""
        try:
            day = dt.date.fromisoformat(self.updated)
        except ValueError:
            return None
        return dt.datetime.combine(day, dt.time(), dt.UTC)

    @property
    def order(self) -> Order:
        return ORDERS[self.sort]

    def query(self, **changes: Any) -> str:
        """The address's query for this selection, changed; what is at its default is left out."""
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
        """The query without any filter."""
        return type(self)(environment=self.environment, sort=self.sort).query()

    def without(self, name: str, value: str = "") -> str:
        """The query without one filter; of several groups without the one called ``value``."""
        if name == "group":
            return self.query(group=tuple(each for each in self.group if each != value))
        return self.query(**{name: ""})

    @property
    def is_narrow(self) -> bool:
        """Whether anything is filtered or searched."""
        return self.query(sort="name", environment="") != ""

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the search is asked for."""
        return self.query(q="", sort="name", environment="") != ""

    @property
    def is_too_short(self) -> bool:
        """Whether something is typed, but too little to search for."""
        return bool(self.q) and not search_text.terms(self.q)

    def apply(self, contacts: ContactQuerySet, installation: Installation) -> ContactQuerySet:
        """The contacts of an installation that this selection names, among those that may be seen."""
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
        return self._by_groups(rows, installation) if self.group else rows

    def _by_groups(self, rows: ContactQuerySet, installation: Installation) -> ContactQuerySet:
        def among(*names: str) -> Q:
            groups = ContactGroup.objects.filter(installation=installation, name__in=names)
            return Q(pk__in=Membership.objects.filter(group__in=groups).values("contact"))

        if self.groups == "none":
            return rows.exclude(among(*self.group))
        if self.groups == "any":
            return rows.filter(among(*self.group))
        for name in self.group:
            rows = rows.filter(among(name))
        return rows


def _has(name: str, flag: bool | None) -> Q:
    """A flag's value, written so that an index helps."""
    return Q(**{f"{name}__isnull": True}) if flag is None else Q(**{f"{name}__in": [flag]})


def _as_list(value: str | tuple[str, ...]) -> list[str]:
    return list(value) if isinstance(value, tuple) else [value]
