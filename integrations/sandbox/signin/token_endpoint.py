"""The token endpoint. Undocumented errors are worded like those of common OAuth servers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import sqlite3
from typing import Any

from werkzeug.wrappers import Request

from ..engine import request_body
from ..engine.callers import SCOPES
from ..engine.errors import ApiError
from ..engine.responses import ApiResponse
from . import organizations, tokens
from .tokens import ACCESS, CODE, REFRESH, Grant

ALL_SCOPES = " ".join(SCOPES)
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def read_body(request: Request) -> dict[str, Any]:
    """Return the parameters of a token request, sent as JSON or as a form. Raise `ApiError` (400) for bad JSON."""
    if request.mimetype == "application/x-www-form-urlencoded":
        return dict(request.form)
    data = request.get_data()
    if not data.strip():
        return {}
    try:
        body = request_body.decode(data)
    except ValueError:
        raise ApiError(400, "invalid_request", "The body could not be parsed") from None
    return body if isinstance(body, dict) else {}


def _verifies(challenge: str | None, verifier: Any) -> bool:
    """Return whether a code verifier proves an S256 challenge. Without a challenge there must be none (RFC 9700, 2.1.1)."""
    if challenge is None:
        return verifier is None
    digest = hashlib.sha256(str(verifier or "").encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)


class TokenEndpoint:
    """One token request. `client_id` is set once the client is authenticated."""

    def __init__(self, connection: sqlite3.Connection, request: Request, now: float) -> None:
        self._connection = connection
        self._request = request
        self._now = now
        self.client_id: str | None = None

    def respond(self) -> ApiResponse:
        """Return the tokens. Raise `ApiError` (400, 405)."""
        if self._request.method != "POST":
            wording = "The request method must be POST when requesting an access token"
            raise ApiError(405, "invalid_request", wording, headers={"Allow": "POST"})
        body = read_body(self._request)
        organization = self._authenticate(body)
        grant_type = body.get("grant_type")
        if not grant_type:
            raise ApiError(400, "invalid_request", "The grant type was not specified in the request")
        if grant_type == "authorization_code":
            return self._authorization_code(body)
        if grant_type == "refresh_token":
            return self._refresh(body)
        if grant_type != "client_credentials":
            raise ApiError(400, "unsupported_grant_type", f'Grant type "{grant_type}" not supported')
        if organization is None:
            raise ApiError(400, "unauthorized_client", "The grant type is unauthorized for this client_id")
        return self._client_credentials(body, organization)

    def _authenticate(self, body: dict[str, Any]) -> int | None:
        """Return the organization that the credentials belong to, or None for the partner's application."""
        authorization = self._request.authorization
        if authorization is not None and authorization.type == "basic":
            client_id, secret = authorization.username or "", authorization.password or ""
        else:
            client_id, secret = str(body.get("client_id") or ""), str(body.get("client_secret") or "")
        if not client_id:
            raise ApiError(400, "invalid_client", "Client credentials were not found in the headers or body")
        application = organizations.application(self._connection)
        organization = organizations.by_client_id(self._connection, client_id)
        expected = organization[1] if organization else None
        if client_id == application["client_id"]:
            expected = application["client_secret"]
        if expected is None or not hmac.compare_digest(expected.encode(), secret.encode()):
            raise ApiError(400, "invalid_client", "The client credentials are invalid")
        self.client_id = client_id
        return organization[0] if organization else None

    def _scope(self, body: dict[str, Any], allowed: str) -> str:
        requested = str(body.get("scope") or "").split()
        if not set(requested) <= set(allowed.split()):
            raise ApiError(400, "invalid_scope", "The scope requested is invalid for this request")
        return " ".join(requested) or allowed

    def _client_credentials(self, body: dict[str, Any], organization: int) -> ApiResponse:
        scope = self._scope(body, ALL_SCOPES)
        return self._issue(Grant(self.client_id or "", organization, None, scope), refreshable=False)

    def _authorization_code(self, body: dict[str, Any]) -> ApiResponse:
        if not body.get("code"):
            raise ApiError(400, "invalid_request", 'Missing parameter: "code" is required')
        value = str(body["code"])
        code = tokens.find(self._connection, CODE, value)
        if code is None or code.used or code.grant.client_id != self.client_id:
            raise ApiError(
                400, "invalid_grant", "Authorization code doesn't exist or is invalid for the client"
            )
        if code.grant.redirect_uri is not None and body.get("redirect_uri") != code.grant.redirect_uri:
            raise ApiError(400, "redirect_uri_mismatch", "The redirect URI is missing or do not match")
        if code.expires < self._now:
            raise ApiError(400, "invalid_grant", "The authorization code has expired")
        if not _verifies(code.grant.code_challenge, body.get("code_verifier")):
            raise ApiError(400, "invalid_grant", "The code verifier does not match the code challenge")
        self._require_active(code.grant)
        tokens.mark_used(self._connection, value)
        grant = code.grant
        return self._issue(
            Grant(grant.client_id, grant.organization, grant.user, grant.scope), refreshable=True
        )

    def _refresh(self, body: dict[str, Any]) -> ApiResponse:
        if not body.get("refresh_token"):
            raise ApiError(400, "invalid_request", 'Missing parameter: "refresh_token" is required')
        value = str(body["refresh_token"])
        token = tokens.find(self._connection, REFRESH, value)
        if token is None or token.used or token.grant.client_id != self.client_id:
            raise ApiError(400, "invalid_grant", "Invalid refresh token")
        if token.expires < self._now:
            raise ApiError(400, "invalid_grant", "Refresh token has expired")
        self._require_active(token.grant)
        scope = self._scope(body, token.grant.scope)
        tokens.mark_used(self._connection, value)
        grant = token.grant
        return self._issue(Grant(grant.client_id, grant.organization, grant.user, scope), refreshable=True)

    def _require_active(self, grant: Grant) -> None:
        if grant.user is not None and not organizations.is_active(self._connection, grant.user):
            raise ApiError(400, "invalid_grant", "The user of this grant is inactive")

    def _issue(self, grant: Grant, *, refreshable: bool) -> ApiResponse:
        body: dict[str, Any] = {
            "access_token": tokens.issue(self._connection, ACCESS, grant, self._now),
            "expires_in": tokens.ACCESS_SECONDS,
            "token_type": "bearer",
            "scope": grant.scope,
        }
        if refreshable:
            body["refresh_token"] = tokens.issue(self._connection, REFRESH, grant, self._now)
        return ApiResponse(200, body, _NO_STORE)
