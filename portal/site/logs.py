"""Logging: its configuration, and errors by their frames and types, without messages that may quote personal data."""

import logging
import traceback
from types import TracebackType
from typing import Any

#: Packages whose exception messages are our own and name nobody.
OURS = ("portal.", "integrations.")


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
    "filters": {"without_links": {"()": "portal.accounts.redaction.LinkRedactionFilter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_links"]}
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
