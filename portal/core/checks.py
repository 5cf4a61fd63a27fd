"""System checks of the clock."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from portal.core import clock


@register(Tags.database)
def check_clock_offset(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the clock was not moved: tokens would expire early, and budgets would be counted wrong."""
    if settings.DEMO or not databases:
        return []
    try:
        offset = clock.offset()
    except DatabaseError:  # not migrated yet
        return []
    if not offset:
        return []
    return [
        Error(
            f"The portal's clock is {offset:.0f} s ahead of the database's. Only the demo and tests may move it.",
            hint="Delete the row in the table core_clockoffset.",
            id="portal.E004",
        )
    ]
