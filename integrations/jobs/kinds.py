"""The kinds of jobs. Apps register theirs in ``AppConfig.ready()``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrations.jobs.run import Run


@dataclass(frozen=True)
class Kind:
    """``advance`` works for one slice: True when the job is finished, False to be called again.

    Of a kind that is ``of_connection`` each connection has jobs of its own; of any other each installation. One that is
    not ``pausable`` keeps the portal's promises to people, so nobody may hold it up.
    """

    name: str
    label: str
    advance: "Callable[[Run], bool]"
    of_connection: bool = False
    pausable: bool = True


_kinds: dict[str, Kind] = {}


def register(
    name: str,
    *,
    label: str,
    advance: "Callable[[Run], bool]",
    of_connection: bool = False,
    pausable: bool = True,
) -> None:
    """Make a kind known. Registering a name again replaces it."""
    _kinds[name] = Kind(name, label, advance, of_connection, pausable)


def get(name: str) -> Kind:
    """The kind called ``name``. Raises LookupError."""
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"No app registered jobs of kind “{name}”.") from None


def names() -> list[str]:
    """All kinds, by what people call them."""
    return sorted(_kinds, key=label_of)


def is_pausable(name: str) -> bool:
    """Whether people may pause jobs of this kind."""
    return name not in _kinds or _kinds[name].pausable


def label_of(name: str) -> str:
    """What people call this kind."""
    return _kinds[name].label if name in _kinds else name
