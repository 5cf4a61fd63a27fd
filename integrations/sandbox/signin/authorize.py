"""The authorization endpoint: the sign-in page, the consent page, and the redirect back to the application."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup
from werkzeug.wrappers import Request, Response

from .. import pages
from ..engine.callers import SCOPES
from ..engine.errors import ApiError
from ..engine.storage.database import Database
from . import organizations, sessions, tokens
from .sessions import COOKIE, Session
from .tokens import Grant

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""An S256 code challenge (RFC 7636, section 4.2)."""

_MAX_ORGANIZATIONS = 8
"""How many organizations' users the sign-in page lists. /_sandbox/credentials has all."""


@dataclass(frozen=True)
class AuthorizationRequest:
    """A valid request for consent.

    `requested_uri` is the redirect URI in the request, or None if the request relies on the registered one.
    """

    client_id: str
    redirect_uri: str
    requested_uri: str | None
    state: str
    scope: str
    code_challenge: str | None

    def redirect(self, **parameters: str) -> Response:
        """Return the redirect to the application, with these parameters and the state."""
        joiner = "&" if "?" in self.redirect_uri else "?"
        state = {"state": self.state} if self.state else {}
        target = f"{self.redirect_uri}{joiner}{urlencode({**parameters, **state})}"
        return Response("", status=302, headers={"Location": target, "Cache-Control": "no-store"})


class AuthorizePages:
    """One request to /v1/authorize."""

    def __init__(
        self,
        database: Database,
        request: Request,
        *,
        application_name: str,
        redirect_uris: tuple[str, ...],
        now: float,
    ) -> None:
        self._database = database
        self._request = request
        self._application_name = application_name
        self._redirect_uris = redirect_uris
        self._now = now

    def respond(self) -> Response:
        """Return a page, or a redirect to the application.

        Raise `ApiError` (400) for an unknown client or redirect URI: then there is no safe place to redirect to.
        """
        with self._database.write() as connection:
            authorization = self._parse(connection)
            error = self._error_for(authorization)
            if error is not None:
                return authorization.redirect(**error)
            session = sessions.find(connection, self._request.cookies.get(COOKIE), self._now)
            if self._request.method == "POST":
                return self._submit(connection, authorization, session)
            return self._show(connection, authorization, session)

    def _parse(self, connection: sqlite3.Connection) -> AuthorizationRequest:
        """Return what the application requests. Raise `ApiError` (400) for an unknown client or redirect URI."""
        arguments = self._request.args
        client_id, requested_uri = arguments.get("client_id", ""), arguments.get("redirect_uri")
        registered = self._redirect_uris
        if not client_id:
            raise ApiError(400, "invalid_client", "No client id supplied")
        if client_id != organizations.application(connection)["client_id"]:
            raise ApiError(400, "invalid_client", "The client id supplied is invalid")
        if requested_uri is None and len(registered) != 1:
            raise ApiError(
                400,
                "invalid_uri",
                "A redirect URI must be supplied when multiple redirect URIs are registered",
            )
        if requested_uri is not None and requested_uri not in registered:
            raise ApiError(
                400, "redirect_uri_mismatch", "The redirect URI provided is missing or does not match"
            )
        scope = " ".join(arguments.get("scope", "").split()) or " ".join(SCOPES)
        return AuthorizationRequest(
            client_id,
            redirect_uri=registered[0] if requested_uri is None else requested_uri,
            requested_uri=requested_uri,
            state=arguments.get("state", ""),
            scope=scope,
            code_challenge=arguments.get("code_challenge"),
        )

    def _error_for(self, authorization: AuthorizationRequest) -> dict[str, str] | None:
        """Return the error to redirect with, or None."""
        if self._request.args.get("response_type") != "code":
            return {"error": "invalid_request", "error_description": "Invalid or missing response type"}
        if not authorization.state:
            return {"error": "invalid_request", "error_description": "The state parameter is required"}
        if not set(authorization.scope.split()) <= set(SCOPES):
            return {"error": "invalid_scope", "error_description": "An unsupported scope was requested"}
        method = self._request.args.get("code_challenge_method", "plain")
        challenge = authorization.code_challenge
        if challenge is not None and (method != "S256" or not _CHALLENGE.fullmatch(challenge)):
            return {"error": "invalid_request", "error_description": "The code challenge must use S256"}
        return None

    def _show(
        self, connection: sqlite3.Connection, authorization: AuthorizationRequest, session: Session | None
    ) -> Response:
        if session is None or session.user is None or not organizations.is_active(connection, session.user):
            return self._sign_in_page(connection, session)
        return self._consent_page(connection, authorization, session)

    def _submit(
        self, connection: sqlite3.Connection, authorization: AuthorizationRequest, session: Session | None
    ) -> Response:
        form = self._request.form
        if session is None or not session.accepts(form.get("csrf", "")):
            error = "This page has expired. Nothing was changed. Please try again."
            return self._sign_in_page(connection, session, error=error, status=403)
        action = form.get("action")
        if action == "sign-in":
            return self._sign_in(connection, authorization, session)
        if action == "switch":
            sessions.end(connection, session)
            return self._sign_in_page(connection, None)
        if session.user is None or not organizations.is_active(connection, session.user):
            return self._sign_in_page(connection, session)
        if action == "deny":
            return authorization.redirect(
                error="access_denied", error_description="The user denied access to your application"
            )
        if action != "allow":
            raise ApiError(400, "invalid_request", "The form has no known action")
        user = _load_user(connection, session.user)
        grant = Grant(
            authorization.client_id,
            user.organization_id,
            session.user,
            authorization.scope,
            authorization.requested_uri,
            authorization.code_challenge,
        )
        return authorization.redirect(code=tokens.issue(connection, tokens.CODE, grant, self._now))

    def _sign_in(
        self, connection: sqlite3.Connection, authorization: AuthorizationRequest, session: Session
    ) -> Response:
        form = self._request.form
        user = sessions.check_password(connection, form.get("username", "").strip(), form.get("password", ""))
        if user is None:
            error = (
                "No active user has this user name and password. Check both, or pick a user from the list."
            )
            return self._sign_in_page(connection, session, error=error, status=401)
        sessions.end(connection, session)
        return self._consent_page(connection, authorization, sessions.start(connection, user, self._now))

    def _sign_in_page(
        self,
        connection: sqlite3.Connection,
        session: Session | None,
        *,
        error: str = "",
        status: int = 200,
    ) -> Response:
        session = session or sessions.start(connection, None, self._now)
        response = pages.page(
            "sign_in.html",
            "Sign in",
            status=status,
            application=self._application_name,
            csrf=session.csrf_token,
            error=Markup('<p class="error" role="alert">{}</p>').format(error) if error else "",
            username=self._request.form.get("username", "") if error else "",
            users=_user_tables(connection),
        )
        return _with_cookie(response, session)

    def _consent_page(
        self, connection: sqlite3.Connection, authorization: AuthorizationRequest, session: Session
    ) -> Response:
        user = _load_user(connection, session.user or 0)
        item = Markup("<li>{} <code>{}</code></li>")
        response = pages.page(
            "consent.html",
            "Allow access",
            application=self._application_name,
            organization=user.organization,
            name=user.name,
            username=user.username,
            scopes=Markup("").join(item.format(SCOPES[name], name) for name in authorization.scope.split()),
            destination=urlsplit(authorization.redirect_uri).netloc,
            csrf=session.csrf_token,
        )
        return _with_cookie(response, session)


@dataclass(frozen=True)
class _User:
    name: str
    username: str
    organization: str
    organization_id: int


def _load_user(connection: sqlite3.Connection, user: int) -> _User:
    row = connection.execute(
        "SELECT attributes, a_username, name, organizations.id FROM users"
        " JOIN organizations ON organizations.id = users.organization WHERE users.id = ?",
        (user,),
    ).fetchone()
    info = json.loads(row[0]).get("info") or {}
    name = " ".join(filter(None, (info.get("first_name"), info.get("last_name")))) or row[1]
    return _User(name, row[1], row[2], row[3])


def _user_tables(connection: sqlite3.Connection) -> Markup:
    """Return the active users of each organization, with their passwords. All of them are invented."""
    table = Markup("<h2>{}</h2><table><thead><tr><th>User name</th><th>Password</th></tr></thead>{}</table>")
    row = Markup("<tr><td><code>{}</code></td><td><code>{}</code></td></tr>")
    found = organizations.users_by_organization(connection)
    return Markup("").join(
        table.format(
            organization["name"],
            Markup("").join(
                row.format(user["username"], user["password"])
                for user in organization["users"]
                if user["active"]
            ),
        )
        for organization in found[:_MAX_ORGANIZATIONS]
    )


def _with_cookie(response: Response, session: Session) -> Response:
    response.set_cookie(COOKIE, session.id, path="/v1/authorize", httponly=True, samesite="Lax")
    return response
