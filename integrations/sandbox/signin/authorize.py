"""The authorization endpoint: a page to sign in on, a page to consent on, and the way back to the
application.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup
from werkzeug.wrappers import Request, Response

from .. import pages
from ..engine.callers import SCOPES
from ..engine.responses import Refusal
from ..engine.storage.database import Store
from . import organizations, sessions, tokens
from .sessions import COOKIE, Session
from .tokens import Grant

#: How many organizations the sign-in page lists the people of; all are in the credentials.
_LISTED = 8


@dataclass(frozen=True)
class Authorization:
    """What an application asks for. `given_uri` is the redirect URI of the request, None where it relies on
    the registered one.
    """

    client_id: str
    application: str
    redirect_uri: str
    given_uri: str | None
    state: str
    scope: str

    def back(self, **parameters: str) -> Response:
        """The redirect to the application."""
        joiner = "&" if "?" in self.redirect_uri else "?"
        state = {"state": self.state} if self.state else {}
        target = f"{self.redirect_uri}{joiner}{urlencode({**parameters, **state})}"
        return Response("", status=302, headers={"Location": target, "Cache-Control": "no-store"})


class AuthorizePages:
    """One request to /v1/authorize."""

    def __init__(self, store: Store, request: Request, *, redirect_uris: tuple[str, ...], now: float) -> None:
        self._store = store
        self._request = request
        self._redirect_uris = redirect_uris
        self._now = now

    def respond(self) -> Response:
        """A page, a redirect to the application, or a JSON error where nobody can be trusted with a
        redirect.
        """
        try:
            with self._store.write() as connection:
                return self._respond(connection)
        except Refusal as refusal:
            return refusal.answer().response()

    def _respond(self, connection: sqlite3.Connection) -> Response:
        if self._request.method not in ("GET", "HEAD", "POST"):
            raise Refusal(405, "Method Not Allowed", headers={"Allow": "GET, POST"})
        asked = self._check_application(connection)
        error = self._check_request(asked)
        if error is not None:
            return asked.back(**error)
        session = sessions.find(connection, self._request.cookies.get(COOKIE), self._now)
        if self._request.method == "POST":
            return self._act(connection, asked, session)
        return self._show(connection, asked, session)

    def _check_application(self, connection: sqlite3.Connection) -> Authorization:
        """What is asked, by an application and with a redirect URI that are known; `Refusal` (400)
        otherwise.
        """
        arguments = self._request.args
        own = organizations.application(connection)
        client_id, given = arguments.get("client_id", ""), arguments.get("redirect_uri")
        registered = self._redirect_uris
        if not client_id:
            raise Refusal(400, "invalid_client", "No client id supplied")
        if client_id != own["client_id"]:
            raise Refusal(400, "invalid_client", "The client id supplied is invalid")
        if given is None and len(registered) != 1:
            raise Refusal(
                400,
                "invalid_uri",
                "A redirect URI must be supplied when multiple redirect URIs are registered",
            )
        if given is not None and given not in registered:
            raise Refusal(
                400, "redirect_uri_mismatch", "The redirect URI provided is missing or does not match"
            )
        scope = " ".join(arguments.get("scope", "").split()) or " ".join(SCOPES)
        return Authorization(
            client_id,
            own["name"],
            given if given is not None else registered[0],
            given,
            arguments.get("state", ""),
            scope,
        )

    def _check_request(self, asked: Authorization) -> dict[str, str] | None:
        """The error that the application is told by redirect, if there is one."""
        if self._request.args.get("response_type") != "code":
            return {"error": "invalid_request", "error_description": "Invalid or missing response type"}
        if not asked.state:
            return {"error": "invalid_request", "error_description": "The state parameter is required"}
        if not set(asked.scope.split()) <= set(SCOPES):
            return {"error": "invalid_scope", "error_description": "An unsupported scope was requested"}
        return None

    def _show(
        self, connection: sqlite3.Connection, asked: Authorization, session: Session | None
    ) -> Response:
        if session is None or session.user is None or not organizations.is_active(connection, session.user):
            return self._sign_in_page(connection, asked, session)
        return self._consent_page(connection, asked, session)

    def _act(self, connection: sqlite3.Connection, asked: Authorization, session: Session | None) -> Response:
        form = self._request.form
        if session is None or not session.accepts(form.get("csrf", "")):
            wording = "This page had expired, so nothing was done. Please try again."
            return self._sign_in_page(connection, asked, session, error=wording, status=403)
        action = form.get("action")
        if action == "sign-in":
            return self._sign_in(connection, asked, session)
        if action == "switch":
            sessions.end(connection, session)
            return self._sign_in_page(connection, asked, None)
        if session.user is None or not organizations.is_active(connection, session.user):
            return self._sign_in_page(connection, asked, session)
        if action == "deny":
            return asked.back(
                error="access_denied", error_description="The user denied access to your application"
            )
        if action != "allow":
            raise Refusal(400, "invalid_request", "The form came without a known action")
        person = _person(connection, session.user)
        grant = Grant(asked.client_id, person.organization_id, session.user, asked.scope, asked.given_uri)
        return asked.back(code=tokens.issue(connection, tokens.CODE, grant, self._now))

    def _sign_in(self, connection: sqlite3.Connection, asked: Authorization, session: Session) -> Response:
        form = self._request.form
        user = sessions.sign_in(connection, form.get("username", "").strip(), form.get("password", ""))
        if user is None:
            wording = "No active user has this user name and password. Check both, or see the list of users."
            return self._sign_in_page(connection, asked, session, error=wording, status=401)
        sessions.end(connection, session)
        return self._consent_page(connection, asked, sessions.start(connection, user, self._now))

    def _sign_in_page(
        self,
        connection: sqlite3.Connection,
        asked: Authorization,
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
            application=asked.application,
            csrf=session.csrf,
            error=Markup('<p class="error" role="alert">{}</p>').format(error) if error else "",
            username=self._request.form.get("username", "")
            if self._request.method == "POST" and error
            else "",
            people=_everybody(connection),
        )
        return _with_cookie(response, session)

    def _consent_page(
        self, connection: sqlite3.Connection, asked: Authorization, session: Session
    ) -> Response:
        person = _person(connection, session.user or 0)
        item = Markup("<li>{} <code>{}</code></li>")
        response = pages.page(
            "consent.html",
            "Allow access",
            application=asked.application,
            organization=person.organization,
            name=person.name,
            username=person.username,
            scopes=Markup("").join(item.format(SCOPES[name], name) for name in asked.scope.split()),
            destination=urlsplit(asked.redirect_uri).netloc,
            csrf=session.csrf,
        )
        return _with_cookie(response, session)


@dataclass(frozen=True)
class _Person:
    name: str
    username: str
    organization: str
    organization_id: int


def _person(connection: sqlite3.Connection, user: int) -> _Person:
    row = connection.execute(
        "SELECT attributes, a_username, name, organizations.id FROM users"
        " JOIN organizations ON organizations.id = users.organization WHERE users.id = ?",
        (user,),
    ).fetchone()
    info = json.loads(row[0]).get("info") or {}
    name = " ".join(filter(None, (info.get("first_name"), info.get("last_name")))) or row[1]
    return _Person(name, row[1], row[2], row[3])


def _everybody(connection: sqlite3.Connection) -> Markup:
    """The active users of each organization with their passwords: everybody in here is invented."""
    table = Markup("<h2>{}</h2><table><thead><tr><th>User name</th><th>Password</th></tr></thead>{}</table>")
    row = Markup("<tr><td><code>{}</code></td><td><code>{}</code></td></tr>")
    found = organizations.credentials(connection, ())["organizations"]
    return Markup("").join(
        table.format(
            each["name"],
            Markup("").join(
                row.format(user["username"], user["password"]) for user in each["users"] if user["active"]
            ),
        )
        for each in found[:_LISTED]
    )


def _with_cookie(response: Response, session: Session) -> Response:
    response.set_cookie(COOKIE, session.id, path="/v1/authorize", httponly=True, samesite="Lax")
    return response
