"""What a link of a mail gains on its way is forgiven."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from integrations.connections.models import ConnectionState
from portal.organizations.invitations import invitations
from portal.site import pasted_links
from tests.portal.people import PASSWORD, person
from tests.portal.scene import Scene, build

pytestmark = pytest.mark.django_db
ADDED = (
    *(")", ">", ".", ",", ";", ":", "!", "]", "}", '"', "'", "*", "|", " ", "\n", "\r\n", "\t"),
    *("&gt;", "&gt", "&lt;", "&quot;", "&#62;", "&#x3E;", "&amp;", "%3E", "%3e", "%20", "%0A"),
    *(">.", ")>.", ").", "> ", ")/", ")//", "&gt;).", "…", "»", "”", "\u200b", "\u00a0"),
)


def links(sent: Any) -> list[str]:
    return [link.removeprefix(settings.PORTAL_URL) for link in re.findall(r"http://\S+", sent.body)]


@pytest.fixture
def mailed(db: None) -> list[tuple[str, Client]]:
    """The path of every kind of link in a mail, with a browser that it leads to a page."""
    scene: Scene = build()
    person("ada@quarry.example")
    visitor, officer = Client(), Client()
    officer.force_login(scene.people["officer"])
    _, invitation = invitations.invite(
        organization=scene.organization, email="new@cedar.example", role="viewer", actor=scene.people["admin"]
    )
    visitor.post(reverse("account_reset_password"), {"email": "ada@quarry.example"})
    (reset,) = links(mail.outbox[-1])
    EmailAddress.objects.filter(email="ada@quarry.example").update(verified=False)
    visitor.post(reverse("account_login"), {"login": "ada@quarry.example", "password": PASSWORD})
    (confirm,) = links(mail.outbox[-1])
    slug, pk = scene.organization.slug, scene.connection.pk
    assert scene.connection.state == ConnectionState.ACTIVE
    return [
        (invitation.removeprefix(settings.PORTAL_URL), Client()),
        (reset, Client()),
        (confirm, Client()),
        (reverse("account_login"), Client()),
        (reverse("account_request_login_code"), Client()),
        (reverse("connection", args=[slug, pk]), officer),
        (reverse("connect", args=[slug]), officer),
        (reverse("sessions"), officer),
    ]


def page_of(client: Client, address: str) -> tuple[int, str]:
    answer = client.get(address, follow=True)
    return answer.status_code, answer.wsgi_request.path


def test_every_link_of_a_mail_works_with_what_it_gained(mailed: list[tuple[str, Client]]) -> None:
    for path, client in mailed:
        for added in ADDED:
            answer = client.get(path + quote(added, safe="/%&;"))
            assert (answer.status_code, answer["Location"]) == (302, path), (path, added)
        added_query = client.get(f"{path})?utm_source=mail&fbclid=IwAR0")
        assert added_query["Location"] == f"{path}?utm_source=mail&fbclid=IwAR0"
        status, page = page_of(client, path)
        assert status == 200 and page_of(client, f"{path}?utm_source=mail&gclid=x)>") == (status, page)


def test_an_address_that_leads_nowhere_still_leads_nowhere(client: Client) -> None:
    for path in ("/nowhere)", "/nowhere/).", "/static/none.css)", "/accounts/password/).)/"):
        assert client.get(path).status_code == 404, path


def test_nothing_leads_to_another_host(client: Client) -> None:
    for path in ("//evil.example)", "//evil.example/)", "/)//evil.example)", "///)"):
        location = client.get(path).headers.get("Location", "/")
        assert location.startswith("/") and not location.startswith("//"), path


def test_a_form_is_not_redirected(client: Client) -> None:
    assert client.post("/accounts/login/)", {"login": "x"}).status_code == 404


@settings_of(max_examples=30)
@given(token=st.from_regex(r"\A[A-Za-z0-9_-]{20,60}\Z"), added=st.lists(st.sampled_from(ADDED), max_size=6))
def test_whatever_was_added_goes_and_the_token_stays(token: str, added: list[str]) -> None:
    assert pasted_links.clean(f"/invitations/{token}/{''.join(added)}") == f"/invitations/{token}"


def test_a_very_long_end_is_left_alone_at_once(client: Client) -> None:
    assert client.get("/invitations/abc" + ")" * 4000, follow=True).status_code == 404
