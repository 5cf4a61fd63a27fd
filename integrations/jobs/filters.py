"""What the list of jobs is narrowed to: state, kind, organization and connection, as chosen in its address."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from integrations.connections.models import Connection
from integrations.connections.permissions import title_of
from integrations.jobs import kinds
from integrations.jobs.models import Job, JobState
from portal.organizations.models import Organization


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    chosen: bool


class JobFilters:
    """The filters chosen in ``query``, and what there is to choose: both others are those the person may see.

    A value that is none of the choices is no filter: what somebody may not see cannot be probed for.
    """

    def __init__(
        self,
        query: Mapping[str, str],
        organizations: "QuerySet[Organization]",
        connections: "QuerySet[Connection]",
    ) -> None:
        self.states = _choices(
            query.get("state", ""), [(value, str(label)) for value, label in JobState.choices]
        )
        self.kinds = _choices(query.get("kind", ""), [(name, kinds.label_of(name)) for name in kinds.names()])
        self._visible = organizations
        slug = query.get("organization", "")
        # PostgreSQL refuses a NUL in what it compares
        known = organizations.filter(slug=slug) if slug.isprintable() else organizations.none()
        self._organization = known.first() if slug else None
        self._connections = connections
        self._connection = _found(connections, query.get("connection", ""))

    @cached_property
    def organizations(self) -> list[Choice]:
        """The organizations to choose from: asked for by the whole page, not each time that its rows are refreshed."""
        chosen = self._organization.slug if self._organization else ""
        return _choices(chosen, [(row.slug, row.name) for row in self._visible])

    @cached_property
    def connections(self) -> list[Choice]:
        """The connections to choose from: those of the organization that is chosen, or of the only one."""
        chosen = str(self._connection.pk) if self._connection else ""
        slugs = [each.value for each in self.organizations if each.chosen or self._organization is None]
        if len(slugs) != 1:
            return [Choice(chosen, title_of(self._connection), True)] if self._connection else []
        rows = self._connections.filter(installation__organization__slug=slugs[0])
        return _choices(chosen, [(str(row.pk), title_of(row)) for row in rows])

    @property
    def is_on(self) -> bool:
        """Whether anything is left out."""
        chosen = any(each.chosen for each in (*self.states, *self.kinds))
        return chosen or self._organization is not None or self._connection is not None

    def apply(self, jobs: "QuerySet[Job]") -> "QuerySet[Job]":
        """The jobs that match all that is chosen."""
        fields = {"state": self.states, "kind": self.kinds}
        chosen = {name: each.value for name, choices in fields.items() for each in choices if each.chosen}
        if self._organization is not None:
            jobs = jobs.filter(organization=self._organization)
        if self._connection is not None:
            jobs = jobs.filter(connection=self._connection)
        return jobs.filter(**chosen)


def _found(connections: "QuerySet[Connection]", key: str) -> Connection | None:
    try:
        return connections.filter(pk=uuid.UUID(key)).first()
    except ValueError:
        return None


def _choices(chosen: str, rows: list[tuple[str, str]]) -> list[Choice]:
    return [Choice(value, label, value == chosen) for value, label in rows]
