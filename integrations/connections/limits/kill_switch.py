"""The kill switch: while it is active, no process on any machine sends anything to Total Expert."""

from django.db import transaction

from integrations.connections import signals
from integrations.connections.models import KillSwitch
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock


def activate(*, reason: str, actor: User) -> None:
    """Stop all calls and token requests within a second. Work waits and nothing is lost."""
    with transaction.atomic():
        _, created = KillSwitch.objects.get_or_create(
            pk=1, defaults={"since": clock.now(), "by": actor, "reason": reason[:255]}
        )
        if created:
            log.record("everything.stopped", actor=actor, reason=reason[:255])


def release(*, actor: User) -> None:
    """Allow calls and token requests again."""
    with transaction.atomic():
        if KillSwitch.objects.all().delete()[0]:
            log.record("everything.released", actor=actor)
            transaction.on_commit(lambda: signals.calls_released.send(KillSwitch))


def get_active() -> KillSwitch | None:
    """Return the kill switch if it is active."""
    return KillSwitch.objects.select_related("by").first()
