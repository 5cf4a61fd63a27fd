"""The stop-everything switch: nothing is sent to Total Expert while it is on, by any process on any machine."""

from django.db import transaction

from integrations.connections import signals
from integrations.connections.models import Stop
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock


def stop(*, reason: str, actor: User) -> None:
    """Stop all calls and token requests within a second. Work waits; nothing of it is lost."""
    with transaction.atomic():
        _, made = Stop.objects.get_or_create(
            pk=1, defaults={"since": clock.now(), "by": actor, "reason": reason[:255]}
        )
        if made:
            log.record("everything.stopped", actor=actor, reason=reason[:255])


def release(*, actor: User) -> None:
    """Let everything go on."""
    with transaction.atomic():
        if Stop.objects.all().delete()[0]:
            log.record("everything.released", actor=actor)
            transaction.on_commit(lambda: signals.released.send(Stop))


def current() -> Stop | None:
    """The switch while it is on."""
    return Stop.objects.select_related("by").first()
