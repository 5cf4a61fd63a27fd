"""Where the OAuth redirect to Total Expert may start, and how often."""

import sys
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from integrations.connections import installations, lifecycle
from integrations.connections.models import (
    ApplicationCredential,
    Connection,
    Environment,
    Installation,
    RequestState,
    TokenRequest,
)
from portal.core import clock
from tests.world import CEDAR, World

pytestmark = pytest.mark.django_db


def test_a_consent_goes_where_the_organization_is_and_nowhere_else(world: World) -> None:
    world.connected()
    other = Environment.objects.create(
        name="other",
        label="Other",
        base_url=world.environment.base_url,
        authorize_url=world.environment.authorize_url,
        is_production=True,
    )
    application = ApplicationCredential(environment=other, created_at=clock.now())
    application.client_id, application.client_secret = "id", "secret"
    application.save()
    officer = world.member("officer")
    parts = {"slug": world.organization().slug, "environment": "other"}
    client = Client()
    client.force_login(officer)
    assert client.post(reverse("begin_consent", kwargs=parts)).status_code == 404
    assert not Installation.objects.filter(environment=other).exists()


def test_an_officer_cannot_end_an_admins_pause_by_connecting_again(world: World) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    lifecycle.pause(connection, actor=world.member("admin"))
    client = Client()
    client.force_login(officer)
    address = reverse("begin_consent", args=[world.organization().slug, world.environment.name])
    assert "only they can resume it" in client.post(address, follow=True).content.decode()
    assert not TokenRequest.objects.filter(state=RequestState.RESERVED).exists()
    Connection.objects.update(paused_by=officer)
    assert client.post(address)["Location"].startswith(world.environment.authorize_url)


def test_nobody_reserves_slot_after_slot(world: World) -> None:
    officer = world.member("officer")
    client = Client()
    client.force_login(officer)
    installations.get_or_create(world.organization(), world.environment)
    address = reverse("begin_consent", args=[world.organization().slug, world.environment.name])
    statuses = [client.post(address).status_code for _ in range(8)]
    assert statuses == [302] * 6 + [429] * 2


def test_a_return_opened_twice_leads_to_the_connection_both_times(world: World) -> None:
    officer = world.member("officer")
    client = Client()
    client.force_login(officer)
    installations.get_or_create(world.organization(), world.environment)
    begin = reverse("begin_consent", args=[world.organization().slug, world.environment.name])
    tabs = [
        world.sandbox.consent(client.post(begin)["Location"], world.sandbox.officers(CEDAR)[0])
        for _ in range(2)
    ]
    pages = [
        client.get(reverse("oauth_callback", args=["sandbox"]), given, follow=True)
        for given in (tabs[0], *tabs)
    ]
    connection = Connection.objects.get()
    result = reverse("connect_result", args=[world.organization().slug, connection.pk])
    assert [page.redirect_chain[-1] for page in pages] == [(result, 302)] * 3
    said = ["already connected" in page.content.decode() for page in pages]
    assert said == [False, True, True]
    assert TokenRequest.objects.count() == 1


def test_a_long_answer_costs_no_more_than_a_short_one(world: World) -> None:
    """100,000 words as error_description are not even read."""
    client = Client()
    client.force_login(world.member("officer"))
    address = reverse("oauth_callback", args=["sandbox"])
    work = []
    for count in (10, 100_000, 10):
        query = f"state=x&error=access_denied&error_description={quote('é ') * count}"
        calls = [0]

        def count_call(frame: Any, event: str, argument: Any, calls: list[int] = calls) -> None:
            calls[0] += event in ("call", "c_call")

        sys.setprofile(count_call)
        try:
            assert client.generic("GET", f"{address}?{query}").status_code == 400
        finally:
            sys.setprofile(None)
        work.append(calls[0])
    assert work[1] < 2 * max(work[0], work[2])
