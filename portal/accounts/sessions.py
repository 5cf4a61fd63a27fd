"""Ending somebody's sessions, so that they have to sign in again everywhere."""

from allauth.usersessions.models import UserSession
from django.db import transaction

from portal.accounts.models import User
from portal.audit import log
from portal.core.errors import Refused


def end_all(*, user: User, actor: User) -> int:
    """End every session of ``user`` at once. Return how many there were.

    Raise `Refused` for the actor's own: people end theirs on their own page, where the current one is kept.
    """
    if user.pk == actor.pk:
        raise Refused("End your own sessions in the portal, under your account.")
    with transaction.atomic():
        found = list(UserSession.objects.filter(user=user))
        for session in found:
            session.end()
        log.record("account.sessions_ended", actor=actor, target=user, sessions=len(found))
    return len(found)
