"""People for tests: accounts with a verified email address, and their second factors."""

import base64
import secrets
import time

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from portal.accounts.models import User

PASSWORD = "only-a-test-knows-this"


def person(
    email: str, *, password: str | None = PASSWORD, operator: bool = False, factor: bool = True
) -> User:
    """Create an account with a verified address, named after the part before the @.

    An operator gets an authenticator app unless ``factor`` is False.
    """
    user = User.objects.create_user(
        email, password, name=email.partition("@")[0].title(), is_operator=operator
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if operator and factor:
        with_app(user)
    return user


def with_app(user: User) -> str:
    """Give ``user`` an authenticator app and return its secret."""
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    data = {"secret": get_adapter().encrypt(secret)}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
    return secret


def with_recovery_codes(user: User) -> list[str]:
    """Give ``user`` recovery codes, unless they have some, and return the unused ones."""
    data = {"seed": get_adapter().encrypt(secrets.token_hex(40)), "used_mask": 0}
    row, _ = Authenticator.objects.get_or_create(
        user=user, type=Authenticator.Type.RECOVERY_CODES, defaults={"data": data}
    )
    codes: list[str] = row.wrap().get_unused_codes()
    return codes


def totp_code(secret: str, step: int = 0) -> str:
    """Return the code an authenticator app shows ``step`` periods of 30 seconds from now (RFC 6238)."""
    app = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    return app.generate(int(time.time()) + 30 * step).decode()
