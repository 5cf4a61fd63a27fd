"""What the list of jobs is narrowed to: state, kind and organization, as chosen in its address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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

    def __init__(self, query: Mapping[str, str], organizations: Iterable[Organization]) -> None:
        self.states = _choices(
            query.get("state", ""), [(value, str(label)) for value, label in State.choices]
        )
        self.kinds = _choices(query.get("kind", ""), [(name, kinds.label_of(name)) for name in kinds.names()])
        self.organizations = _choices(
            query.get("organization", ""), [(row.slug, row.name) for row in organizations]
        )

    @property
    def is_on(self) -> bool:
        """Whether anything is left out."""
        return any(each.chosen for each in (*self.states, *self.kinds, *self.organizations))

    def apply(self, jobs: "QuerySet[Job]") -> "QuerySet[Job]":
        """The jobs that match all that is chosen."""
        fields = {"state": self.states, "kind": self.kinds, "organization__slug": self.organizations}
        chosen = {name: each.value for name, choices in fields.items() for each in choices if each.chosen}
        return jobs.filter(**chosen)


def _choices(chosen: str, rows: list[tuple[str, str]]) -> list[Choice]:
    return [Choice(value, label, value == chosen) for value, label in rows]
