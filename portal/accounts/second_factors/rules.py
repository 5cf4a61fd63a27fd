"""Who must have a second factor, and how an operator of the server resets it."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction

from portal.accounts.models import User
from portal.audit import log

#: What counts as a second factor. Recovery codes only replace a lost one.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(user: User) -> bool:
    """Return whether ``user`` has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def must_set_one_up(user: User) -> bool:
    """Return whether ``user`` has to set up a second factor first: operators without one, except in the demo."""
    return user.is_operator and not settings.DEMO and not has_second_factor(user)


def reset(user: User) -> int:
    """Remove all second factors of ``user``, end their sessions, and return how many factors there were.

    For people who lost all of them. Only a command on the server does this; there is no page for it.
    """
    with transaction.atomic():
        found = Authenticator.objects.filter(user=user)
        count = found.count()
        found.delete()
        for session in UserSession.objects.filter(user=user):
            session.end()
        log.record("second_factor.reset", actor=None, target=user, factors=count)
    return int(count)
