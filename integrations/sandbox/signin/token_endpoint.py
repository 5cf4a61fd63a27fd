"""The token endpoint and bearer tokens, with the error bodies of the OAuth server that the vendor's answers
look like.
"""

from __future__ import annotations

import hmac
import sqlite3
from typing import Any

from werkzeug.wrappers import Request

from ..engine import request_body
from ..engine.callers import SCOPES, Caller
from ..engine.responses import Answer, Refusal
from . import organizations, tokens
from .tokens import ACCESS, CODE, REFRESH, Grant

ALL_SCOPES = " ".join(SCOPES)
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def read_body(request: Request) -> dict[str, Any]:
    """The parameters of a token request, sent as JSON or as a form. Raises `Refusal` (400) for
    broken JSON.
    """
    if request.mimetype == "application/x-www-form-urlencoded":
        return dict(request.form)
    data = request.get_data()
    if not data.strip():
        return {}
    try:
        body = request_body.decode(data)
    except ValueError:
        raise Refusal(400, "invalid_request", "The body could not be parsed") from None
    return body if isinstance(body, dict) else {}


class TokenEndpoint:
    """One token request: the client's credentials, then the grant it asks for."""

    def __init__(self, connection: sqlite3.Connection, request: Request, now: float) -> None:
        self._connection = connection
        self._request = request
        self._now = now
        self.client_id: str | None = None

    def answer(self) -> Answer:
        """The tokens. Raises `Refusal` (400, 405) with the documented errors."""
        if self._request.method != "POST":
            wording = "The request method must be POST when requesting an access token"
            raise Refusal(405, "invalid_request", wording, headers={"Allow": "POST"})
        body = read_body(self._request)
        organization = self._authenticate(body)
        grant_type = body.get("grant_type")
        if not grant_type:
            raise Refusal(400, "invalid_request", "The grant type was not specified in the request")
        if grant_type not in ("client_credentials", "authorization_code", "refresh_token"):
            raise Refusal(400, "unsupported_grant_type", f'Grant type "{grant_type}" not supported')
        if (grant_type == "client_credentials") != (organization is not None):
            raise Refusal(400, "unauthorized_client", "The grant type is unauthorized for this client_id")
        if organization is not None:
            return self._client_credentials(body, organization)
        return self._authorization_code(body) if grant_type == "authorization_code" else self._refresh(body)

    def _authenticate(self, body: dict[str, Any]) -> int | None:
        """The organization whose credentials were sent, or None for the application's."""
        authorization = self._request.authorization
        if authorization is not None and authorization.type == "basic":
            client_id, secret = authorization.username or "", authorization.password or ""
        else:
            client_id, secret = str(body.get("client_id") or ""), str(body.get("client_secret") or "")
        if not client_id:
            raise Refusal(400, "invalid_client", "Client credentials were not found in the headers or body")
        own = organizations.application(self._connection)
        found = organizations.by_credentials(self._connection, client_id)
        expected = own["client_secret"] if client_id == own["client_id"] else found[1] if found else None
        if expected is None or not hmac.compare_digest(expected.encode(), secret.encode()):
            raise Refusal(400, "invalid_client", "The client credentials are invalid")
        self.client_id = client_id
        return found[0] if found else None

    def _scope(self, body: dict[str, Any], widest: str) -> str:
        asked = str(body.get("scope") or "").split()
        if not set(asked) <= set(widest.split()):
            raise Refusal(400, "invalid_scope", "The scope requested is invalid for this request")
        return " ".join(asked) or widest

    def _client_credentials(self, body: dict[str, Any], organization: int) -> Answer:
        scope = self._scope(body, ALL_SCOPES)
        return self._issue(Grant(self.client_id or "", organization, None, scope), refreshable=False)

    def _authorization_code(self, body: dict[str, Any]) -> Answer:
        if not body.get("code"):
            raise Refusal(400, "invalid_request", 'Missing parameter: "code" is required')
        value = str(body["code"])
        code = tokens.look_up(self._connection, CODE, value)
        if code is None or code.used or code.grant.client_id != self.client_id:
            raise Refusal(
                400, "invalid_grant", "Authorization code doesn't exist or is invalid for the client"
            )
        if code.grant.redirect_uri is not None and body.get("redirect_uri") != code.grant.redirect_uri:
            raise Refusal(400, "redirect_uri_mismatch", "The redirect URI is missing or do not match")
        if code.expires < self._now:
            raise Refusal(400, "invalid_grant", "The authorization code has expired")
        self._refuse_inactive(code.grant)
        tokens.spend(self._connection, value)
        grant = code.grant
        return self._issue(
            Grant(grant.client_id, grant.organization, grant.user, grant.scope), refreshable=True
        )

    def _refresh(self, body: dict[str, Any]) -> Answer:
        if not body.get("refresh_token"):
            raise Refusal(400, "invalid_request", 'Missing parameter: "refresh_token" is required')
        value = str(body["refresh_token"])
        token = tokens.look_up(self._connection, REFRESH, value)
        if token is None or token.used or token.grant.client_id != self.client_id:
            raise Refusal(400, "invalid_grant", "Invalid refresh token")
        if token.expires < self._now:
            raise Refusal(400, "invalid_grant", "Refresh token has expired")
        self._refuse_inactive(token.grant)
        scope = self._scope(body, token.grant.scope)
        tokens.spend(self._connection, value)
        grant = token.grant
        return self._issue(Grant(grant.client_id, grant.organization, grant.user, scope), refreshable=True)

    def _refuse_inactive(self, grant: Grant) -> None:
        if grant.user is not None and not organizations.is_active(self._connection, grant.user):
            raise Refusal(400, "invalid_grant", "The user of this grant is inactive")

    def _issue(self, grant: Grant, *, refreshable: bool) -> Answer:
        body: dict[str, Any] = {
            "access_token": tokens.issue(self._connection, ACCESS, grant, self._now),
            "expires_in": tokens.ACCESS_SECONDS,
            "token_type": "bearer",
            "scope": grant.scope,
        }
        if refreshable:
            body["refresh_token"] = tokens.issue(self._connection, REFRESH, grant, self._now)
        return Answer(200, body, _NO_STORE)


def caller(connection: sqlite3.Connection, request: Request, now: float) -> Caller:
    """Who bears the access token of a request. Raises `Refusal` (401) where there is none that is valid."""
    authorization = request.authorization
    value = authorization.token if authorization is not None and authorization.type == "bearer" else None
    if not value:
        challenge = {"WWW-Authenticate": 'Bearer realm="Service"'}
        raise Refusal(401, "invalid_request", "An access token is required", headers=challenge)
    token = tokens.look_up(connection, ACCESS, value)
    if token is None or (
        token.grant.user is not None and not organizations.is_active(connection, token.grant.user)
    ):
        raise _unauthorized("invalid_token", "The access token provided is invalid")
    if token.expires < now:
        raise _unauthorized("expired_token", "The access token provided has expired")
    grant = token.grant
    organization = organizations.organization(connection, grant.organization)
    return Caller(organization, grant.user, frozenset(grant.scope.split()), grant.client_id)


def _unauthorized(error: str, description: str) -> Refusal:
    challenge = f'Bearer realm="Service", error="{error}", error_description="{description}"'
    return Refusal(401, error, description, headers={"WWW-Authenticate": challenge})
