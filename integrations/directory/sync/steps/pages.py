"""Requesting a page of a list that may fail: it is requested again with backoff, then left out if the next page works.

If the next pages fail too, Total Expert is down, and the pass waits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from integrations.directory.sync.passes import Pass
from integrations.total_expert import AnswerLost, NotSent, Page, Rejected, TotalExpertError, TryLater

R = TypeVar("R")
#: The seconds to wait before a page is requested again.
PAUSES = (15.0, 60.0, 240.0)
#: How many pages after a failing one are tried.
AHEAD = 3
#: Refusals that concern the whole connection.
_ABOUT_CONNECTION = frozenset({"another_organization", "insufficient_scope", "invalid_request"})
#: Statuses of answers that say nothing about what was requested.
_ABOUT_CALLER = frozenset({401, 407, 429})


@dataclass(frozen=True)
class Read(Generic[R]):
    """A page that was read. ``problem`` is why the pages between the requested number and this page were left out."""

    page: Page[R]
    number: int
    problem: TotalExpertError | None = None


def is_about_request(error: TotalExpertError) -> bool:
    """Return whether an error may concern only the requested page or record, and not every call."""
    if isinstance(error, Rejected):
        return error.code not in _ABOUT_CONNECTION
    if isinstance(error, AnswerLost):
        return True
    if not isinstance(error, TryLater) or isinstance(error, NotSent):
        return False
    return error.status is not None and error.status not in _ABOUT_CALLER


def read(pass_: Pass, number: int, fetch: Callable[[int], Page[R]], *, is_known: bool = False) -> Read[R]:
    """Return page ``number`` or, if it can't be read, the next one that can.

    ``is_known`` says that an earlier pass left out the page, so it isn't requested again and again. Raise TryLater to
    request it again later, and the server's error if none of the next pages can be read either.
    """
    try:
        page = fetch(number)
    except (Rejected, TryLater) as error:
        if not is_about_request(error):
            raise
        if not is_known:
            wait(pass_, error)
        found = _read_ahead(number, fetch, error)
    else:
        found = Read(page, number)
    pass_.state.pop("tries", None)
    return found


def wait(pass_: Pass, error: Rejected | TryLater) -> None:
    """Raise TryLater with a longer pause each time. Return after the last one, until something was read."""
    tries = int(pass_.state.get("tries", 0))
    if tries >= len(PAUSES):
        return
    pass_.state["tries"] = tries + 1
    pass_.save()
    after = max(PAUSES[tries], getattr(error, "after", None) or 0.0)
    sentence = str(error) if isinstance(error, TryLater) else f"{error} The portal asks again."
    raise TryLater(sentence, after=after, code=error.code, status=error.status, path=error.path) from error


def _read_ahead(number: int, fetch: Callable[[int], Page[R]], error: Rejected | TryLater) -> Read[R]:
    for further in range(number + 1, number + 1 + AHEAD):
        try:
            page = fetch(further)
        except (Rejected, TryLater) as failure:
            if not is_about_request(failure):
                raise
            continue
        return Read(page, further, error)
    raise error
