"""Job kinds. Apps register theirs in ``AppConfig.ready()``."""

from collections.abc import Callable
from dataclasses import dataclass

from integrations.jobs.run import Run


@dataclass(frozen=True)
class Kind:
    """A kind of job.

    ``advance`` works for one slice. It returns True when the job is finished and False to be called again.
    ``per_connection`` jobs belong to one connection, all others to one installation. People cannot pause a job that
    is not ``pausable``.
    """

    name: str
    label: str
    advance: Callable[[Run], bool]
    per_connection: bool = False
    pausable: bool = True


_kinds: dict[str, Kind] = {}


def register(
    name: str,
    *,
    label: str,
    advance: Callable[[Run], bool],
    per_connection: bool = False,
    pausable: bool = True,
) -> None:
    """Register a kind. A second call with the same name replaces the first."""
    _kinds[name] = Kind(name, label, advance, per_connection, pausable)


def get(name: str) -> Kind:
    """Return the kind called ``name``. Raise LookupError if no app registered it."""
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"No app registered jobs of kind “{name}”.") from None


def names() -> list[str]:
    """Return the names of all kinds, sorted by label."""
    return sorted(_kinds, key=label_of)


def is_pausable(name: str) -> bool:
    """Return whether people may pause jobs of this kind."""
    return name not in _kinds or _kinds[name].pausable


def label_of(name: str) -> str:
    """Return the kind's label, or its name if no app registered it."""
    return _kinds[name].label if name in _kinds else name
