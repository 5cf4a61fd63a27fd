"""Groups as pages list them: which ones a person may see, one line for each name, and how many contacts are in them."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict

from integrations.connections.models import Connection, Installation
from integrations.directory.browse import owners, required
from integrations.directory.browse.bounded_counts import CountDifferent, CountUpTo
from integrations.directory.models import ContactGroup, Membership, RequiredGroup, SyncState, Visibility
from portal.core import paging, search_text, sorting
from portal.core.pages import text_param
from portal.core.parameters import read_id

#: More contacts than this aren't counted: of a group in the list, and elsewhere. A list counts up to 100 groups at once.
LISTED, COUNTED = 1_000, 10_000
#: Memberships that are read to count the contacts of a name. A contact may be in the groups of several owners.
READ = 1_200
#: Groups that a line shows when it is opened. The others are a link away.
OPENED = 20
#: The columns that the list is sorted by.
SORTS = {"name": "search", "owner": "owner_name", "synced": "oldest"}
MARKS = {"required": "Required", "locked": "Not editable in Total Expert"}
#: What narrows nothing, and stays when the filters are cleared.
_PRESENTATION = ("environment", "sort", "size")


@dataclass(frozen=True)
class GroupSelection:
    """The search, filters and order in an address. Values that make no sense count as not given.

    ``name`` is a folded name whose groups are listed one by one, ``open`` one whose line is open.
    """

    q: str = ""
    environment: str = ""
    owner: str = ""
    mark: str = ""
    name: str = ""
    open: str = ""
    sort: str = "name"
    size: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        given = {each.name: text_param(query, each.name).strip()[:1000] for each in fields(cls)}
        if read_id(given["owner"]) is None:
            given["owner"] = ""
        if given["mark"] not in MARKS:
            given["mark"] = ""
        if given["size"] not in map(str, paging.SIZES):
            given["size"] = ""
        return cls(**given | {"sort": str(sorting.read(query, SORTS, default="name"))})

    def query(self, **changes: str) -> str:
        """Return the query string of this selection with ``changes``. Defaults are left out."""
        changed, default = replace(self, **changes), type(self)()
        pairs = [(each.name, getattr(changed, each.name)) for each in fields(changed)]
        return urlencode([(name, value) for name, value in pairs if value != getattr(default, name)])

    @property
    def cleared(self) -> str:
        """Return the query string without search and filters."""
        return type(self)(**{name: getattr(self, name) for name in _PRESENTATION}).query()

    @property
    def is_narrow(self) -> bool:
        return bool(self.q or self.owner or self.mark or self.name)

    def apply(self, groups: "QuerySet[ContactGroup]", installation: Installation) -> "QuerySet[ContactGroup]":
        """Return those of ``groups`` that match."""
        groups = groups.filter(search_text.matching("search", self.q))
        if self.owner:
            groups = groups.filter(owner=int(self.owner))
        if self.name:
            groups = groups.filter(search=self.name)
        if self.mark == "required":
            groups = groups.filter(search__in=required.of(installation).values("folded_name"))
        if self.mark == "locked":
            groups = groups.filter(user_editable=False)
        return groups


@dataclass(frozen=True)
class Members:
    """How many contacts a person sees in a group: ``number``, or more if it ``is_capped``."""

    number: int = 0
    is_capped: bool = False

    @classmethod
    def of(cls, count: int, limit: int) -> Self:
        """Return the number for a count that stopped after ``limit``."""
        return cls(min(count, limit), count > limit)

    @classmethod
    def of_read(cls, rows: int, different: int) -> Self:
        """Return the number of different contacts in ``rows`` memberships, of which at most `READ` were read."""
        if rows == READ and different <= LISTED:  # there may be more, and there are no fewer
            return cls(different - 1, True)
        return cls.of(different, LISTED)


@dataclass(frozen=True)
class Line:
    """A line of the list: one group, or all groups with the same name.

    ``names`` are the spellings of the name. ``locked`` is how many of the groups can't be edited in Total Expert.
    """

    key: str
    names: tuple[str, ...]
    groups: int
    owners: int
    locked: int
    synced_at: dt.datetime
    is_required: bool
    members: Members
    group: ContactGroup | None = None
    owner: str = ""
    opened: list["Line"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.names[0]

    @property
    def contacts_query(self) -> str:
        """Return the query string of the contact list with the contacts in these groups, without the environment."""
        return urlencode({"group_id": self.group.pk} if self.group else {"group": self.names}, doseq=True)


@dataclass(frozen=True)
class NamedGroups:
    """The groups of an installation that are called alike. ``key`` is their folded name."""

    installation: Installation
    key: str
    name: str


@dataclass(frozen=True)
class MissingContacts:
    """How many contacts of an installation lack a required group."""

    installation: Installation
    contacts: Members


@dataclass(frozen=True)
class MissingOwners:
    """How many owners have no group of a required name."""

    row: RequiredGroup
    owners: int


def visible(installation: Installation, *, through: list[Connection] | None) -> "QuerySet[ContactGroup]":
    """Return the groups that a person may see: all, or those that the connections ``through`` show."""
    groups = ContactGroup.objects.filter(installation=installation, gone_at=None)
    return groups if through is None else groups.filter(shown_by(through))


def shown_by(through: list[Connection]) -> Q:
    """Return the condition for groups that these connections show: of the people who authorized them, or of contacts."""
    if any(connection.sees_everything for connection in through):
        return Q()
    own = SyncState.objects.filter(connection__in=through, owner__isnull=False)
    contacts = Visibility.objects.filter(connection__in=through).values("contact")
    with_contacts = Membership.objects.filter(contact__in=contacts).values("group")
    return Q(owner__in=own.values("owner")) | Q(pk__in=with_contacts)


@dataclass(frozen=True)
class GroupList:
    """The groups of an installation that a person may see, and how to list them.

    ``through`` are the connections that the person is limited to. None means no limit.
    """

    installation: Installation
    through: list[Connection] | None

    def page(self, selection: GroupSelection, query: QueryDict) -> paging.Page[Line]:
        """Return a page of lines: one for each name, or for each group if the selection has a name."""
        groups = selection.apply(visible(self.installation, through=self.through), self.installation)
        if selection.name:
            found = paging.numbered(_by_owner(groups, selection), query)
            return _with_rows(found, self.lines(found.rows))
        sort = sorting.read(query, SORTS, default="name")
        named = groups.order_by().values("search").annotate(
            oldest=Min("synced_at"),
            owner_name=Coalesce(Min("owner__last_name"), Value("")),
            groups=Count("pk"),
            owners=Count("owner", distinct=True),
            locked=Count("pk", filter=Q(user_editable=False)),
            only=Min("pk"),
        )  # fmt: skip
        page = paging.numbered(named.order_by(sort.order_by[0], "search"), query)
        return _with_rows(page, self._named_lines(page.rows, groups, selection.open))

    def _named_lines(
        self, rows: Sequence[Mapping[str, Any]], groups: "QuerySet[ContactGroup]", opened: str
    ) -> list[Line]:
        single = [row["only"] for row in rows if row["groups"] == 1]
        singles = {
            line.key: line for line in self.lines(groups.filter(pk__in=single).select_related("owner"))
        }
        shared = [row["search"] for row in rows if row["groups"] > 1]
        members = self._members_by_name(groups, [row["only"] for row in rows if row["groups"] > 1])
        names: dict[str, list[str]] = {}
        spelled = groups.filter(search__in=shared).order_by("name").values_list("search", "name")
        for key, name in spelled.distinct():
            names.setdefault(key, []).append(name)
        marked = self._required(shared)
        return [
            singles[row["search"]]
            if row["search"] in singles
            else Line(
                key=row["search"],
                names=tuple(names[row["search"]]),
                groups=row["groups"],
                owners=row["owners"],
                locked=row["locked"],
                synced_at=row["oldest"],
                is_required=row["search"] in marked,
                members=members.get(row["search"], Members()),
                opened=self.lines(
                    _by_owner(groups.filter(search=opened), GroupSelection())[:OPENED]
                    if opened and row["search"] == opened
                    else []
                ),
            )
            for row in rows
        ]

    def lines(self, groups: Iterable[ContactGroup], *, limit: int | None = None) -> list[Line]:
        """Return a line for each of these groups, which come with their owners. Count up to ``limit`` contacts of each."""
        found = list(groups)
        members = self._members(found, limit or LISTED)
        marked = self._required([group.search for group in found])
        named = self._owners_to_name(found)
        return [
            Line(
                key=group.search,
                names=(group.name,),
                groups=1,
                owners=1,
                locked=int(group.user_editable is False),
                synced_at=group.synced_at,
                is_required=group.search in marked,
                members=members.get(group.pk, Members()),
                group=group,
                owner=group.owner.display_name if group.owner and group.owner_id in named else "",
            )
            for group in found
        ]

    def _members(self, groups: Sequence[ContactGroup], limit: int) -> dict[int, Members]:
        """Return how many contacts each group has, by its key, in one query."""
        if not groups:
            return {}
        contacts = self._memberships().filter(group=OuterRef("pk")).values("contact")[: limit + 1]
        rows = ContactGroup.objects.filter(pk__in=[group.pk for group in groups]).order_by()
        counted = rows.values_list("pk", CountUpTo(contacts))
        return {pk: Members.of(count, limit) for pk, count in counted}

    def _members_by_name(self, groups: "QuerySet[ContactGroup]", firsts: Sequence[int]) -> dict[str, Members]:
        """Return how many contacts are in any of the groups of each name, in one query.

        ``firsts`` has the key of one group of each name, so that each name is counted once.
        """
        if not firsts:
            return {}
        same = groups.order_by().filter(search=OuterRef(OuterRef("search"))).values("pk")
        contacts = self._memberships().filter(group__in=same).values(found=F("contact_id"))[:READ]
        rows = ContactGroup.objects.filter(pk__in=firsts).order_by()
        counted = rows.values_list("search", CountDifferent(contacts))
        return {key: Members.of_read(*divmod(numbers, CountDifferent.ROWS)) for key, numbers in counted}

    def _memberships(self) -> "QuerySet[Membership]":
        rows = Membership.objects.filter(contact__gone_at=None).order_by()
        if self.through is None:
            return rows
        seen = Visibility.objects.filter(connection__in=self.through)
        return rows.filter(contact__in=seen.values("contact"))

    def _required(self, keys: Collection[str]) -> set[str]:
        rows = required.of(self.installation).filter(folded_name__in=keys).order_by()
        return set(rows.values_list("folded_name", flat=True)) if keys else set()

    def _owners_to_name(self, groups: Sequence[ContactGroup]) -> set[int]:
        """Return the owners whose names the person may read: a loan officer reads those of their own contacts."""
        keys = {group.owner_id for group in groups if group.owner_id is not None}
        if self.through is None or not keys:
            return keys
        known = owners.of(self.installation, through=self.through).filter(pk__in=keys).order_by()
        return set(known.values_list("pk", flat=True))


def _by_owner(groups: "QuerySet[ContactGroup]", selection: GroupSelection) -> "QuerySet[ContactGroup]":
    """Return groups with their owners, in the order of the owners' names, or of the times they were synced."""
    sign = "-" if selection.sort.startswith("-") else ""
    column = "synced_at" if selection.sort.removeprefix("-") == "synced" else "owner__last_name"
    return groups.select_related("owner").order_by(f"{sign}{column}", "owner__first_name", "pk")


def _with_rows(page: paging.Page[Any], rows: list[Line]) -> paging.Page[Line]:
    return replace(page, rows=rows)
