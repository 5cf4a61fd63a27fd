"""Logging: its configuration, and errors by their frames and types, without messages that may quote personal data."""

import logging
import threading
import time
import traceback
from types import TracebackType
from typing import Any

#: Packages whose exception messages are our own and name nobody.
OURS = ("portal.", "integrations.")


class RepetitionFilter(logging.Filter):
    """Drop records that repeat too often, so that anyone's requests fill the log only so fast.

    A record repeats another if it comes from the same place in the code. After `MOST` of them in a minute, the rest of that
    minute are counted, and the next one that passes says how many were left out.
    """

    MOST, SECONDS = 60, 60.0

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, int, str], list[float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is logged."""
        place = (record.name, record.levelno, f"{record.pathname}:{record.lineno}")
        with self._lock:
            now = time.monotonic()
            began, count, dropped = self._seen.get(place, [now, 0, 0])
            if now - began >= self.SECONDS:
                began, count = now, 0
            passes = count < self.MOST
            if passes and dropped:
                record.msg = f"{record.getMessage()} ({dropped:.0f} similar lines were left out)"
                record.args = ()
            self._seen[place] = [began, count + 1, 0 if passes else dropped + 1]
        return passes


class FramesOnlyFormatter(logging.Formatter):
    """Format an exception as its frames and types. PostgreSQL, for one, quotes the failing row in its messages."""

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        lines: list[str] = []
        error: BaseException | None = ei[1]
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
            lines[:0] = ["Traceback (most recent call last):\n", *frames, f"{_name(error)}\n"]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "".join(lines).rstrip()


def _name(error: BaseException) -> str:
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}"
    return f"{name}: {error}" if kind.__module__.startswith(OURS) else name


#: The setting LOGGING.
CONFIGURATION: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "portal.site.logs.FramesOnlyFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "filters": {
        "without_links": {"()": "portal.accounts.redaction.LinkRedactionFilter"},
        "bounded": {"()": "portal.site.logs.RepetitionFilter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_links", "bounded"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # the library logs token answers at DEBUG
        "requests_oauthlib": {"level": "WARNING"},
        "oauthlib": {"level": "WARNING"},
        # it logs the id of every new passkey
        "fido2": {"level": "WARNING"},
        # several lines a task otherwise
        "django-q": {"level": "WARNING"},
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
