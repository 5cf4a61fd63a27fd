"""Bearer tokens: who is calling the API."""

from __future__ import annotations

import sqlite3

from werkzeug.wrappers import Request

from ..engine.callers import Caller
from ..engine.errors import ApiError
from . import organizations, tokens
from .tokens import ACCESS


def authenticate(connection: sqlite3.Connection, request: Request, now: float) -> Caller:
    """Return the caller that a request's access token stands for. Raise `ApiError` (401) without a valid token."""
    authorization = request.authorization
    value = authorization.token if authorization is not None and authorization.type == "bearer" else None
    if not value:
        challenge = {"WWW-Authenticate": 'Bearer realm="Service"'}
        raise ApiError(401, "invalid_request", "An access token is required", headers=challenge)
    token = tokens.find(connection, ACCESS, value)
    if token is None or (
        token.grant.user is not None and not organizations.is_active(connection, token.grant.user)
    ):
        raise _unauthorized("invalid_token", "The access token provided is invalid")
    if token.expires < now:
        raise _unauthorized("expired_token", "The access token provided has expired")
    grant = token.grant
    organization = organizations.load(connection, grant.organization)
    return Caller(organization, grant.user, frozenset(grant.scope.split()), grant.client_id)


def _unauthorized(error: str, description: str) -> ApiError:
    challenge = f'Bearer realm="Service", error="{error}", error_description="{description}"'
    return ApiError(401, error, description, headers={"WWW-Authenticate": challenge})
