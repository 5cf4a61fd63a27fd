"""Second factors: who must have one, how their secrets are sealed, and what is noted when they change."""

import base64
import re
import uuid
from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.mfa import app_settings, signals
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from portal.accounts import browsers
from portal.accounts.models import User
from portal.audit import log
from portal.encryption import fields

#: Authenticated with every sealed seed: never change it.
LABEL = "second factor"
#: What counts as a second factor. Recovery codes stand in for one that is lost.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_one(user: User) -> bool:
    """Whether ``user`` has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def must_set_one_up(user: User) -> bool:
    """Whether ``user`` may do nothing before setting up a second factor: operators, except those of the demo."""
    return user.is_operator and not settings.DEMO and not has_one(user)


def reset(user: User) -> int:
    """Take away every second factor of ``user`` and end their sessions. Answers how many factors there were.

    For somebody who lost all of them, from a shell: nothing on a screen does this.
    """
    with transaction.atomic():
        found = Authenticator.objects.filter(user=user)
        count = found.count()
        found.delete()
        for session in UserSession.objects.filter(user=user):
            session.end()
        log.record("second_factor.reset", actor=None, target=user, factors=count)
    return int(count)


def use_once(user: User, code: str) -> bool:
    """Mark a code of an authenticator app as used; False when it was used before, as long as it could still work."""
    lifetime = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    return cache.add(_note_of(user, code), "used", timeout=lifetime)


def was_used(user: User, code: str) -> bool:
    """Whether `use_once` was told of the code, however it is written."""
    return cache.get(_note_of(user, code)) is not None


def _note_of(user: User, code: str) -> str:
    # allauth takes a code whatever stands between its digits
    return f"second-factor:{user.pk}:{re.sub(r'[^0-9A-Za-z]', '', code)[:64]}"


class MFAAdapter(DefaultMFAAdapter):
    """What allauth's second factors ask the portal."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This is not a code that works: mistyped, used before, or too old. Try the next one.",
        "unverified_email": "Confirm your address first: sign in again, and open the link in the mail.",
    }

    def encrypt(self, text: str) -> str:
        """Seal a seed. allauth does not say for which row, so each ciphertext has an id of its own."""
        row = uuid.uuid4()
        return base64.b64encode(row.bytes + bytes(fields.encrypt(text, label=LABEL, row=row))).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what `encrypt` sealed. Raises CannotOpen."""
        data = base64.b64decode(encrypted_text)
        return fields.decrypt(data[16:], label=LABEL, row=uuid.UUID(bytes=data[:16]))

    def get_totp_issuer(self) -> str:
        return "Integration portal"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the portal's own host, whatever the request calls it."""
        return {"id": urlsplit(settings.PORTAL_URL).hostname or "localhost", "name": "Integration portal"}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return {**entity, "display_name": user.display_name}

    def generate_authenticator_name(self, user: User, type: str) -> str:
        """A passkey is named after the browser it is made in; the person may rename it."""
        agent = get_account_adapter().request.headers.get("User-Agent", "")
        return browsers.name(agent)


@receiver(signals.authenticator_added, dispatch_uid="second_factors.added")
def note_added(
    sender: object, *, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """From the first factor on every session must have used one: all others, which did not, end."""
    log.record("second_factor.added", actor=user, target=user, kind=str(authenticator.type))
    if Authenticator.objects.filter(user=user, type__in=FACTORS).count() == 1:
        for session in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
            session.end()


@receiver(signals.authenticator_removed, dispatch_uid="second_factors.removed")
def note_removed(sender: object, *, user: User, authenticator: Authenticator, **_: Any) -> None:
    log.record("second_factor.removed", actor=user, target=user, kind=str(authenticator.type))


@receiver(signals.authenticator_reset, dispatch_uid="second_factors.replaced")
def note_replaced(sender: object, *, user: User, authenticator: Authenticator, **_: Any) -> None:
    log.record("second_factor.replaced", actor=user, target=user, kind=str(authenticator.type))
