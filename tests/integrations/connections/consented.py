"""A connection in a sandbox that is a process of its own, by either grant."""

import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from django.conf import settings

from integrations.connections import installations
from integrations.connections.client import client_for
from integrations.connections.grants import admission, client_credentials, consent
from integrations.connections.models import Connection, Environment, GrantType
from portal.accounts.models import User
from portal.core import clock
from portal.demo.visitor import _Forms
from portal.organizations.models import Membership, Organization
from tests.processes import SandboxProcess

SESSION = "a-session-secret"


def consented_connection(sandbox: SandboxProcess, *, by: GrantType) -> Connection:
    """The first organization of the sandbox, connected and admitted."""
    environment = environment_of(sandbox)
    theirs = sandbox.credentials["organizations"][0]
    organization = Organization.objects.create(name=theirs["name"], slug="one", created_at=clock.now())
    installation = installations.get_or_create(organization, environment)
    if by == GrantType.CLIENT_CREDENTIALS:
        connection = client_credentials.propose(
            installation=installation,
            client_id=theirs["client_id"],
            client_secret=theirs["client_secret"],
            actor=None,
        )
        client_credentials.activate_candidate(connection)
        return connection
    user = User.objects.create_user("officer@one.example", name="Officer")
    Membership.objects.create(user=user, organization=organization, role="officer", created_at=clock.now())
    address = consent.begin(installation=installation, user=user, session=SESSION)
    officer = next(each for each in theirs["users"] if not each["admin"])
    answer = _allow(address, officer)
    returned = consent.AuthorizationResponse(environment.name, answer["state"], answer["code"])
    connection = consent.finish(returned, user=user, session=SESSION)
    with client_for(connection) as client:
        admission.admit(connection, client)
    return connection


def environment_of(sandbox: SandboxProcess, **limits: int) -> Environment:
    """An environment without limits that leads there, with the partner's application."""
    environment = Environment.objects.create(
        name="sandbox",
        label="Sandbox",
        base_url=f"{sandbox.address}/v1",
        authorize_url=f"{sandbox.address}/v1/authorize",
        **{"tokens_per_hour": 0, "calls_per_minute": 0, **limits},
    )
    application = sandbox.credentials["application"]
    client_credentials.set_application(
        environment=environment,
        client_id=application["client_id"],
        client_secret=application["client_secret"],
        scopes="leadInteraction getUsers describeSchema",
        actor=None,
    )
    return environment


class _Home(urllib.request.HTTPRedirectHandler):
    """Follows redirects until one leads back to the portal, which does not run here."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if newurl.startswith(settings.PORTAL_URL):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _allow(address: str, user: dict[str, Any]) -> dict[str, str]:
    """Sign in at the sandbox's pages and press Allow. Answers what it sends back in the address."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar), _Home()
    )
    page = opener.open(address)
    here, text = page.geturl(), page.read().decode()
    for word, values in (
        ("Sign in", {"username": user["username"], "password": user["password"]}),
        ("Allow", {}),
    ):
        action, data = _form(text, word, values)
        try:
            page = opener.open(
                urllib.parse.urljoin(here, action or here), urllib.parse.urlencode(data).encode()
            )
        except urllib.error.HTTPError as back:
            return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back.headers["Location"]).query))
        here, text = page.geturl(), page.read().decode()
    raise AssertionError(f"the sandbox did not send anybody back: {text[:500]}")


def _form(text: str, word: str, values: dict[str, str]) -> tuple[str, dict[str, str]]:
    parser = _Forms()
    parser.feed(text)
    for form in parser.forms:
        for name, value, _, label in form.buttons:
            if word in label:
                return form.action, {**form.values, **values, **({name: value} if name else {})}
    raise AssertionError(f"no button {word!r} in {text[:500]}")
