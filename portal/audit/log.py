"""Write to the audit log."""

from typing import Any

from django.db import models

from portal.audit.models import Entry
from portal.core import clock


def record(
    action: str,
    *,
    actor: models.Model | None,
    organization: models.Model | None = None,
    target: models.Model | None = None,
    **detail: Any,
) -> Entry:
    """Record that ``actor`` (None for the portal itself) did ``action`` to ``target``, and return the entry.

    The app declares ``action`` (`portal.audit.actions`). ``detail`` must contain ids, counts and states only: no names
    or other personal data.
    """
    return Entry.objects.create(
        at=clock.now(),
        actor_id=actor.pk if actor is not None else None,
        action=action,
        organization_id=organization.pk if organization is not None else None,
        object_type=target._meta.label_lower if target is not None else "",
        object_id=str(target.pk) if target is not None else "",
        detail=detail,
    )
