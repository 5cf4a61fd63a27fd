"""Secrets are planted everywhere they may enter, and looked for everywhere they might come out."""

import logging
import sys
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.views.debug import ExceptionReporter

from integrations.connections.models import Connection, CredentialCandidate, Token
from integrations.connections.tokens import access
from integrations.jobs import queue
from integrations.jobs.models import Job
from portal.accounts.models import User
from portal.accounts.session_store import SessionStore
from tests.portal.people import PASSWORD, totp_code
from tests.world import BLUEWATER, CEDAR, World

WRONG = "wrong-secret-canary-7d1f"


class Places:
    """Everything that could show a secret, collected as text."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def add(self, place: str, text: str) -> None:
        self.texts[place] = self.texts.get(place, "") + "\n" + text

    def assert_free_of(self, canaries: dict[str, str]) -> None:
        for place, text in self.texts.items():
            for name, canary in canaries.items():
                assert canary not in text, f"{name} stands in: {place}"


def dump() -> str:
    """Every cell of every table, bytes as their text."""
    cells = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                for value in row:
                    raw = bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                    cells.append(raw.decode("utf-8", errors="replace"))
    return "\n".join(cells)


def reprs() -> str:
    shown = []
    for model in apps.get_models():
        for row in model._default_manager.all()[:50]:
            shown += [repr(row), str(row), repr(row.__dict__)]
    return "\n".join(shown)


def report_of_a_failure_that_holds_secrets() -> str:
    """What Django would write about an exception in whose frames opened secrets stand."""
    token = Token.objects.exclude(access_token=None)[0]
    opened = [token.access_token, CredentialCandidate.__name__]
    try:
        raise ValueError(f"{len(opened)} values")
    except ValueError:
        reporter = ExceptionReporter(None, *sys.exc_info())
    return reporter.get_traceback_text() + reporter.get_traceback_html()


def visit_everything(client: Client, slug: str) -> str:
    pages = [
        reverse("home"),
        reverse("organizations"),
        reverse("organization", args=[slug]),
        reverse("settings"),
    ]
    pages += [reverse("connect", args=[slug]), reverse("jobs"), reverse("environment", args=["sandbox"])]
    pages += [reverse("application", args=["sandbox"]), reverse("contacts", args=[slug])]
    for row in Connection.objects.filter(installation__organization__slug=slug):
        pages += [reverse("connection", args=[slug, row.pk]), reverse("connect_result", args=[slug, row.pk])]
    pages += [reverse("account"), reverse("sessions"), reverse("mfa_index")]
    pages += [reverse("job", args=[slug, job.pk]) for job in Job.objects.filter(organization__slug=slug)]
    texts = []
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, f"{page} answered {answer.status_code}"
        texts += [answer.content.decode(), str(answer.headers)]
    return "\n".join(texts)


def canaries_of(world: World) -> dict[str, str]:
    found = {
        "a wrong secret": WRONG,
        "the application's secret": world.sandbox.credentials["application"]["client_secret"],
    }
    for organization in world.sandbox.credentials["organizations"]:
        found[f"the client secret of {organization['name']}"] = organization["client_secret"]
    for token in Token.objects.all():
        found[f"an access token {token.pk}"] = str(token.access_token)
        if token.refresh_token:
            found[f"a refresh token {token.pk}"] = str(token.refresh_token)
    for factor in Authenticator.objects.exclude(type="webauthn"):
        kind = "secret" if factor.type == "totp" else "seed"
        found[f"the {kind} of a second factor {factor.pk}"] = get_adapter().decrypt(factor.data[kind])
    return found


def set_up_an_app(user: User) -> dict[str, str]:
    """``user`` adds an authenticator app, with a wrong code first. Answers what must be found nowhere else."""
    Authenticator.objects.all().delete()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client, address = Client(), reverse("mfa_activate_totp")
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    secret = client.get(address).context["form"].secret
    waiting = {"a secret whose first code is awaited": secret}
    client.post(address, {"code": "000000"})
    places = Places()
    places.add(
        "sessions",
        "".join(str(SessionStore(session.session_key).load()) for session in Session.objects.all()),
    )
    places.add("the database", dump())
    places.assert_free_of(waiting)
    client.post(address, {"code": totp_code(secret)})
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    return waiting


@pytest.mark.django_db(transaction=True)
def test_planted_secrets_are_found_nowhere(
    world: World, client: Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    places = Places()
    world.operator.set_password(PASSWORD)
    world.operator.save()
    client.force_login(world.operator)
    slug = world.organization(CEDAR).slug

    def paste(secret: str) -> Any:
        theirs = world.sandbox.organization(CEDAR)
        data = {"environment": "sandbox", "client_id": theirs["client_id"], "client_secret": secret}
        return client.post(reverse("connect", args=[slug]), data, follow=True)

    for secret in (WRONG, f"{WRONG} with space", world.sandbox.organization(CEDAR)["client_secret"]):
        answer = paste(secret)
        places.add("the page after pasting", answer.content.decode() + str(answer.redirect_chain))
        run_all()
    officer = world.member("admin", BLUEWATER)
    consented = world.consented(officer, BLUEWATER)
    run_all()
    world.sandbox.pass_time(4000)
    access.get_access_token(consented)
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "status": 500, "times": 1})
    world.sandbox.pass_time(4000)
    with pytest.raises(Exception) as failed:
        access.get_access_token(consented)
    places.add("an exception", f"{failed.value!r} {failed.value} {vars(failed.value)}")

    waiting = set_up_an_app(world.operator)
    places.add("pages of Cedar", visit_everything(client, slug))
    places.add("pages of Bluewater", visit_everything(client, world.organization(BLUEWATER).slug))
    places.add("the logs", caplog.text + "".join(str(record.__dict__) for record in caplog.records))
    places.add("the database", dump())
    places.add("reprs", reprs())
    places.add(
        "sessions",
        "".join(str(SessionStore(session.session_key).load()) for session in Session.objects.all()),
    )
    places.add("an error report", report_of_a_failure_that_holds_secrets())
    places.add("what was printed", "".join(capfd.readouterr()))
    canaries = canaries_of(world) | waiting
    assert len(canaries) > 8
    places.assert_free_of(canaries)


def run_all() -> None:
    """Move every job to its end."""
    for _ in range(10):
        jobs = list(Job.objects.filter(state__in=["waiting", "running"]))
        if not jobs:
            return
        for job in jobs:
            queue.run_now(job)
