"""Odd requests to every address, by everyone who may open it and by people who are signed out.

Nothing answers 500, tells a secret or leaves the portal's own look. `make soak` runs many more examples.
"""

import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client, TestCase
from django.test.html import parse_html
from django.urls import is_valid_path, reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portal.utf8_request import UTF8Request
from tests.portal.scene import ANONYMOUS, OWN, Scene, build
from tests.portal.site.addresses import ADDRESSES
from tests.portal.site.odd_requests import Names, OddRequest, odd_requests, read_names

pytestmark = pytest.mark.django_db

#: Examples for each address, here and in the long test.
FEW, MANY = 2, int(os.environ.get("FUZZ_EXAMPLES", "150"))
#: Addresses whose answer is a part of a page also without htmx.
FRAGMENTS = {"sync_progress", "contact_filter_options", "limits_help"}
SECRETS = (
    "secret-of-the-test",
    django_settings.SECRET_KEY,
    django_settings.ENCRYPTION_KEYS,
    "Traceback (most recent",
)


@dataclass
class Visits:
    """A scene with one browser for each visitor."""

    scene: Scene
    clients: dict[str, Client] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    names: dict[tuple[str, str], Names] = field(default_factory=dict)

    def client(self, visitor: str) -> Client:
        """Return the visitor's browser, signed in as at the beginning."""
        if visitor not in self.clients:
            self.clients[visitor] = client = Client()
            if visitor != ANONYMOUS:
                client.force_login(self.scene.people[visitor])
                self.sessions[visitor] = client.cookies[django_settings.SESSION_COOKIE_NAME].value
        client = self.clients[visitor]
        client.cookies = SimpleCookie()
        if visitor != ANONYMOUS:
            client.cookies[django_settings.SESSION_COOKIE_NAME] = self.sessions[visitor]
        return client

    def fields(self, name: str, visitor: str, path: str) -> Names:
        """Return what the forms at an address send."""
        if (name, visitor) not in self.names:
            page = self.client(visitor).get(path)
            self.names[name, visitor] = read_names(page.content.decode(errors="replace"))
            self.names[name, visitor].fields.update(
                {key: value.encode() for key, value in ADDRESSES[name].data.items()}
            )
        return self.names[name, visitor]

    def send(self, name: str, visitor: str, odd: OddRequest) -> None:
        """Send one request, check its answer and the page it leads to, and undo what it did."""
        undone = transaction.atomic()
        undone._from_testcase = True  # views may begin a durable transaction in it
        with undone:
            path = reverse(name, kwargs=ADDRESSES[name].fill(self.scene))
            names = self.fields(name, visitor, path)
            client = self.client(visitor)
            body, content_type = odd.body(names)
            extra = odd.extra(self.sessions.get(visitor, ""))
            if odd.method in ("GET", "HEAD"):
                body, content_type = b"", odd.content_type or ""
            with TestCase.captureOnCommitCallbacks(execute=True):
                page = client.generic(odd.method, odd.path(path, names), body, content_type, **extra)
            check(page, name, odd)
            if page.status_code in (301, 302, 303) and page["Location"].startswith("/"):
                check(client.get(page["Location"]), name, None)
            transaction.set_rollback(True)


def check(page: Any, name: str, odd: OddRequest | None) -> None:
    """Assert that an answer is one of the portal's own."""
    assert page.status_code < 500, page.status_code
    if page.streaming:
        return
    text = page.content.decode(errors="replace")
    for secret in SECRETS:
        assert secret not in text
    is_fragment = odd is not None and (odd.is_htmx or "HX-Request" in odd.headers) or name in FRAGMENTS
    is_page = page.get("Content-Type", "").startswith("text/html") and page.status_code not in (301, 302, 303)
    if odd is not None and odd.method in ("HEAD", "OPTIONS") or is_fragment or not is_page:
        return
    check_page(text)


def check_page(text: str) -> None:
    """Assert that a page is well-formed and has the portal's frame."""
    assert text.lstrip().lower().startswith("<!doctype html>"), text[:200]
    parse_html(text)
    assert len(re.findall(r"<title>[^<]*\S[^<]*</title>", text.partition("<body")[0])) == 1
    assert len(re.findall(r"<h1[ >]", text)) == 1
    assert "/static/portal/" in text


def visitors(name: str) -> list[str]:
    """Return everybody whose answers may differ: those who get in, one who doesn't, and somebody signed out."""
    address = ADDRESSES[name]
    inside = sorted(OWN) if address.shared or address.public else sorted(address.allowed)
    return [*inside, "nobody", ANONYMOUS]


def fuzz(visits: Visits, names: list[str], examples: int, *, derandomize: bool) -> None:
    """Send odd requests to some of the addresses."""
    choices = [(name, visitor) for name in names for visitor in visitors(name)]

    @settings(
        max_examples=examples,
        derandomize=derandomize,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(choice=st.sampled_from(choices), odd=odd_requests())
    def try_one(choice: tuple[str, str], odd: OddRequest) -> None:
        visits.send(*choice, odd)

    try_one()


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Visits]:
    monkeypatch.setattr("django.test.client.WSGIRequest", UTF8Request)  # as in `portal.wsgi`
    yield Visits(build())


def test_odd_requests_get_answers_in_the_look_of_the_portal(visits: Visits) -> None:
    admin = [name for name in ADDRESSES if name.startswith("admin:")]
    for name in sorted(ADDRESSES.keys() - admin):
        fuzz(visits, [name], FEW, derandomize=True)
    fuzz(visits, admin, 25, derandomize=True)


ODD_PARTS = (
    "-" * 36,
    "0" * 36,
    "-",
    "0",
    "9" * 18,
    "9" * 40,
    "9" * 4000,
    "9" * 5000,  # more than int() reads
    "\N{ARABIC-INDIC DIGIT THREE}",
    "%00",
    "a%00b",
    "\N{GRINNING FACE}",
    "_",
    "Cedar-Home-Lending",
    "a:b",
    "00000000-0000-0000-0000-000000000000",
)


def test_odd_parts_of_an_address_are_not_found(visits: Visits) -> None:
    client, checked = visits.client("operator"), 0
    for name, address in ADDRESSES.items():
        if name.startswith("admin:") and name != "admin:jobs_job_change":
            continue  # Django draws all of them alike
        parts = address.fill(visits.scene)
        path = reverse(name, kwargs=parts)
        if name != "organization":
            parts.pop("slug", None)  # the same for all addresses
        for value, odd in itertools.product(parts.values(), ODD_PARTS):
            tried = path.replace(str(value), odd)
            if is_valid_path(tried.replace("%00", "\0")):
                checked += 1
                page = client.post(tried, address.data) if address.posts else client.get(tried)
                assert page.status_code < 500, tried
                assert page.status_code != 200 or address.public or name.startswith(("mfa_", "admin:")), tried
    assert checked > 60


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_many_odd_requests_get_answers_in_the_look_of_the_portal(visits: Visits, name: str) -> None:
    fuzz(visits, [name], MANY, derandomize=False)
