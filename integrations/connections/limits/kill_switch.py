"""The stop-everything switch: nothing is sent to Total Expert while it is on, by any process on any machine."""

from django.db import transaction

from integrations.connections import signals
from integrations.connections.models import KillSwitch
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock


def activate(*, reason: str, actor: User) -> None:
    """Stop all calls and token requests within a second. Work waits; nothing of it is lost."""
    with transaction.atomic():
        _, made = KillSwitch.objects.get_or_create(
            pk=1, defaults={"since": clock.now(), "by": actor, "reason": reason[:255]}
        )
        if made:
            log.record("everything.stopped", actor=actor, reason=reason[:255])


def release(*, actor: User) -> None:
    """Let everything go on."""
    with transaction.atomic():
        if KillSwitch.objects.all().delete()[0]:
            log.record("everything.released", actor=actor)
            transaction.on_commit(lambda: signals.calls_released.send(KillSwitch))


def get_active() -> KillSwitch | None:
    """The switch while it is on."""
    return KillSwitch.objects.select_related("by").first()
