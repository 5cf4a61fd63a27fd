"""Everything the portal uses of allauth that is not public API, and that an upgrade may change.

No other module imports `allauth.*.internal` or reads allauth's session keys; a test checks it.
"""

from collections.abc import Iterable
from typing import Any

from allauth.account.internal.flows import login as login_flow
from allauth.account.utils import perform_login
from allauth.core import context
from allauth.core.internal import cryptokit, ratelimit
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.socialaccount.internal import jwtkit, statekit
from allauth.usersessions.internal.flows import sessions as session_flow
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from portal.accounts.models import User


def current_request() -> HttpRequest:
    """Return the request that allauth's middleware is handling, for forms that are not passed one."""
    request: HttpRequest = context.request
    return request


def sign_in(request: HttpRequest, user: User) -> HttpResponse:
    """Start a session for ``user``, whose email address is already verified. Second factors still apply."""
    response: HttpResponse = perform_login(request, user, email_verification="none")
    return response


def record_authentication(request: HttpRequest, user: User, method: str) -> None:
    """Note in the session that ``user`` has just authenticated by ``method``."""
    login_flow.record_authentication(request, user, method)


def last_authenticated_at(request: HttpRequest) -> float:
    """Return when the user last authenticated in this session, in Unix seconds, or 0.0 if never."""
    records = login_flow.get_authentication_records(request, request.user)
    return max((float(record["at"]) for record in records), default=0.0)


def end_sessions(request: HttpRequest, sessions: Iterable[UserSession]) -> None:
    """End ``sessions``. If one of them is the current session, sign out."""
    session_flow.end_sessions(request, list(sessions))


def end_other_sessions(request: HttpRequest, user: User) -> None:
    """End all sessions of ``user`` except the current one."""
    session_flow.end_other_sessions(request, user)


def too_many_requests(request: HttpRequest, action: str, *, limit_get: bool = False) -> HttpResponse | None:
    """Count a request for ``action`` and return a 429 response if its rate limit is exceeded, else None.

    The limits are in ``ACCOUNT_RATE_LIMITS``. GET requests count only with ``limit_get``.
    """
    response: HttpResponse | None = ratelimit.consume_or_429(
        request, app="allauth.account", action=action, limit_get=limit_get
    )
    return response


def is_within_rate_limit(request: HttpRequest, action: str) -> bool:
    """Count one ``action`` and return whether its rate limit allows it. See `too_many_requests`."""
    return ratelimit.consume(request, app="allauth.account", action=action) is not None


def count_attempt(request: HttpRequest, action: str, key: str) -> ratelimit.RateLimitUsage | None:
    """Count one ``action`` of ``key``, whatever the request's method. Return what undoes it, or None if it is too many."""
    return ratelimit.consume(request, app="allauth.account", action=action, key=key, limit_get=True)


def client_ip(request: HttpRequest) -> str:
    """Return the IP address for which requests are counted. Of an IPv6 address, this is its network."""
    return str(ratelimit.get_ip(request))


#: The session keys in which allauth keeps what a sign-in page needs for its next request.
PASSKEY_CHALLENGE, SINGLE_SIGN_ON_STATES = webauthn.STATE_SESSION_KEY, statekit.STATES_SESSION_KEY


def login_code_hash(code: str) -> str:
    """Return the hash of a sign-in code that the session stores. Case, spaces and hyphens don't matter.

    Codes are short, so it is an HMAC: without SECRET_KEY, nobody can try all of them.
    """
    normalized = cryptokit.normalize_user_code(code)
    return salted_hmac("portal.accounts.login_code", normalized, algorithm="sha256").hexdigest()


def pending_totp_secret(request: HttpRequest, *, keep: bool) -> str:
    """Return the secret of the authenticator app that is being set up.

    With ``keep`` it is the one the form was shown with, otherwise a new one. allauth would store it in the session in
    plain text; here the session holds it encrypted.
    """
    encrypted = request.session.get(totp.SECRET_SESSION_KEY) if keep else None
    if not encrypted:
        encrypted = get_mfa_adapter().encrypt(totp.generate_totp_secret())
        request.session[totp.SECRET_SESSION_KEY] = encrypted
    secret: str = get_mfa_adapter().decrypt(encrypted)
    return secret


def verify_id_token(id_token: str, *, keys_url: str, issuer: str, client_id: str) -> dict[str, Any]:
    """Verify an OpenID Connect ID token's signature, issuer, audience and expiry, and return its claims.

    ``keys_url`` is the provider's JWKS address. Raise OAuth2Error if the token is not valid or was used before.
    """
    claims: dict[str, Any] = jwtkit.verify_and_decode(
        credential=id_token,
        keys_url=keys_url,
        issuer=issuer,
        audience=client_id,
        lookup_kid=jwtkit.lookup_kid_jwk,
    )
    return claims
