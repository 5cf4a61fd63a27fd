"""Record changes of second factors in the audit log."""

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.dispatch import receiver
from django.http import HttpRequest

from portal.accounts.models import User
from portal.accounts.second_factors.rules import FACTORS
from portal.audit import log


@receiver(signals.authenticator_added, dispatch_uid="second_factors.added")
def record_added(
    sender: object, *, request: HttpRequest, user: User, authenticator: Authenticator, **_: object
) -> None:
    """Record a new factor. If it is the first, end all other sessions, because they began without a second factor."""
    log.record("second_factor.added", actor=user, target=user, kind=str(authenticator.type))
    if Authenticator.objects.filter(user=user, type__in=FACTORS).count() == 1:
        for session in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
            session.end()


@receiver(signals.authenticator_removed, dispatch_uid="second_factors.removed")
def record_removed(sender: object, *, user: User, authenticator: Authenticator, **_: object) -> None:
    log.record("second_factor.removed", actor=user, target=user, kind=str(authenticator.type))


@receiver(signals.authenticator_reset, dispatch_uid="second_factors.replaced")
def record_replaced(sender: object, *, user: User, authenticator: Authenticator, **_: object) -> None:
    log.record("second_factor.replaced", actor=user, target=user, kind=str(authenticator.type))
