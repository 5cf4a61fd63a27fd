"""What the list of jobs is narrowed to: state, kind and organization, as chosen in its address."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from integrations.jobs import kinds
from integrations.jobs.models import Job, State
from portal.organizations.models import Organization


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    chosen: bool


class JobFilters:
    """The filters chosen in ``query``, and what there is to choose: ``organizations`` are those the person may see.

    A value that is none of the choices is no filter: what somebody may not see cannot be probed for.
    """

    def __init__(self, query: Mapping[str, str], organizations: "QuerySet[Organization]") -> None:
        self.states = _choices(
            query.get("state", ""), [(value, str(label)) for value, label in State.choices]
        )
        self.kinds = _choices(query.get("kind", ""), [(name, kinds.label_of(name)) for name in kinds.names()])
        self._visible = organizations
        slug = query.get("organization", "")
        # PostgreSQL refuses a NUL in what it compares
        known = organizations.filter(slug=slug) if slug.isprintable() else organizations.none()
        self._organization = known.first() if slug else None

    @cached_property
    def organizations(self) -> list[Choice]:
        """The organizations to choose from: asked for by the whole page, not each time that its rows are refreshed."""
        chosen = self._organization.slug if self._organization else ""
        return _choices(chosen, [(row.slug, row.name) for row in self._visible])

    @property
    def is_on(self) -> bool:
        """Whether anything is left out."""
        return self._organization is not None or any(each.chosen for each in (*self.states, *self.kinds))

    def apply(self, jobs: "QuerySet[Job]") -> "QuerySet[Job]":
        """The jobs that match all that is chosen."""
        fields = {"state": self.states, "kind": self.kinds}
        chosen = {name: each.value for name, choices in fields.items() for each in choices if each.chosen}
        if self._organization is not None:
            jobs = jobs.filter(organization=self._organization)
        return jobs.filter(**chosen)


def _choices(chosen: str, rows: list[tuple[str, str]]) -> list[Choice]:
    return [Choice(value, label, value == chosen) for value, label in rows]
