"""System check: report environments that the portal may not call."""

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.core.exceptions import ValidationError
from django.db import DatabaseError

from integrations.connections import environments
from integrations.connections.models import Environment


@register(Tags.database)
def environments_are_allowed(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases:
        return []
    try:
        rows = list(Environment.objects.all())
    except DatabaseError:  # not migrated yet
        return []
    found: list[CheckMessage] = []
    for row in rows:
        try:
            environments.client_environment(row)
        except ValidationError as problem:
            found.append(
                Warning(
                    f"The environment “{row.name}” can't be called. {' '.join(problem.messages)}",
                    id="connections.W001",
                )
            )
    return found
