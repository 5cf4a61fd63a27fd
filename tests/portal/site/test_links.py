"""No page links to a page that does not open: every page that a role can reach by links opens for it."""

import datetime as dt
import re
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from integrations.connections.models import Connection, ConnectionState, GrantType
from integrations.jobs.models import Job
from integrations.onboarding.models import Verification
from portal.core import clock
from portal.organizations import organizations
from tests.portal import scene
from tests.portal.scene import ELSEWHERE, OWN, Scene

#: Pages that a crawl may visit before it is called endless.
MOST = 300
#: What may lead to a page: links, rows that open, and parts that htmx loads.
LEADS = re.compile(r'<(?:a|tr|div|form)\b[^>]*\b(?:href|data-href|hx-get)="([^"#]*)')


@pytest.fixture
def built(db: None) -> Scene:
    """The scene, with connections, verifications and jobs in every state that pages link to."""
    made = scene.build()
    made.invitation()
    made.egress()
    made.bulk_import()
    organizations.create(name="Juniper Home Loans", actor=made.people["operator"])
    at = clock.now()
    for role, state in (
        ("admin", ConnectionState.NEEDS_RECONNECT),
        ("editor", ConnectionState.PAUSED),
        ("viewer", ConnectionState.QUARANTINED),
        *[(None, ConnectionState.NEEDS_RECONNECT)] * 6,
    ):
        connection = Connection.objects.create(
            installation=made.installation,
            grant=GrantType.AUTHORIZATION_CODE,
            user=made.people[role] if role else None,
            state=state,
            since=at,
            created_at=at,
        )
        Verification.objects.create(
            connection=connection, outcome=Verification.Outcome.FAILED, problem="No access.", started_at=at
        )
        Job.objects.create(
            kind="directory.sync",
            installation=made.installation,
            organization=made.organization,
            connection=connection,
            state="failed",
            problem="Stopped.",
            created_at=at,
            finished_at=at - dt.timedelta(minutes=1),
        )
    return made


def links(page: str, address: str) -> set[str]:
    """Return the pages of the portal that a page leads to. Of URLs that differ only in their query, return one."""
    found = set()
    for href in LEADS.findall(page):
        parts = urlsplit(urljoin(address, href.replace("&amp;", "&")))
        if not parts.netloc and not parts.path.startswith("/static/"):
            found.add(parts.path)
    return found


@pytest.mark.parametrize("role", [*OWN, *ELSEWHERE])
def test_every_link_that_a_role_meets_opens(built: Scene, role: str) -> None:
    client = Client()
    client.force_login(built.people[role])
    seen, waiting, broken = {"/"}, [("/", "nowhere")], []
    while waiting:
        address, origin = waiting.pop()
        answer = client.get(address, follow=True)
        if answer.status_code not in (200, 405):
            broken.append(f"{address}, linked on {origin}: {answer.status_code}")
        if answer.status_code != 200 or not answer.get("Content-Type", "").startswith("text/html"):
            continue
        for link in sorted(links(answer.content.decode(), answer.request["PATH_INFO"]) - seen):
            seen.add(link)
            waiting.append((link, address))
        assert len(seen) < MOST
    assert broken == []
    assert len(seen) > 5
    assert (reverse("organizations") in seen) is (role == "operator")
