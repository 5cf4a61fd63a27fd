"""Nobody meets a link that leads nowhere: every page that a role can reach by links opens for it."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from tests.portal import scene
from tests.portal.scene import OWN, Scene

#: Pages that a crawl may visit before it is called endless.
MOST = 200


@pytest.fixture
def built(db: None) -> Scene:
    return scene.build()


def links(page: str, address: str) -> set[str]:
    """The pages of the portal that a page links to; of those that differ only in their query, one."""
    found = set()
    for href in re.findall(r'<a\b[^>]*\bhref="([^"#]*)', page):
        parts = urlsplit(urljoin(address, href.replace("&amp;", "&")))
        if not parts.netloc and not parts.path.startswith("/static/"):
            found.add(parts.path)
    return found


@pytest.mark.parametrize("role", OWN)
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
